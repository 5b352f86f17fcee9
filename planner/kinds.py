"""What kind of turn is it? Patterns for the kinds of API.md that are told by how a message is put."""

import re
from collections.abc import Container

from domain.terms import fold

GREETING = re.compile(
    r"^\W*(?:hi+|hello+|hey+|hiya|yo|howdy|good (?:morning|afternoon|evening|day)|greetings|sup|what'?s up|how are you(?: doing)?(?: today)?|nice to meet you|"
    r"hey there|hi there|hello there)(?:\W+(?:there|aisle|again|how are you(?: doing)?(?: today)?|you|everyone))*\W*$"
)
THANKS = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|great|perfect|cool|nice|awesome|lovely|wonderful|super)[,!.\s]*)?(?:thanks?(?: (?:you|a lot|so much|very much|again|for (?:your|the) help|mate))*|thank you(?: (?:so much|very much|again|for (?:your|the|all your) help))?|"
    r"thx|ty|cheers(?: mate)?|ta|bye+|goodbye|good bye|see (?:you|ya)(?: later)?|have a (?:nice|good|great) (?:day|one|weekend|evening)|that'?s (?:all|it)(?: for now| thanks)?|great|perfect|cool|nice|awesome|lovely|"
    r"(?:thanks?|thank you|thx|cheers|great|perfect|ok(?:ay)?|no)[,.! ]+(?:that'?s|that is|that will be) (?:all|it|everything)(?: for (?:now|today))?(?: thanks?| thank you)?|ok(?:ay)?|got it|sounds good|good to know|lol|haha+|wow|never ?mind)\W*$"
)
WHO_ARE_YOU = re.compile(
    r"\b(?:who are you|what are you|are you (?:a |an )?(?:human|bot|robot|ai|real|person)|what can you (?:do|help)(?: me)?(?: with)?|how (?:do|can) you (?:work|help)|what do you do|your name|tell me about yourself)\b\W*$|^\W*(?:help(?: me)?|menu|options)\W*$"
)
CHOOSES = re.compile(
    r"\bwhich (?:one |ones |of (?:these|those|them|the \w+) )?(?:would|should|do|d'?you) (?:you|i|we) (?:pick|choose|recommend|suggest|buy|get|go (?:for|with)|take|prefer|like(?: best| most)?)\b|"
    r"\bwhat would you (?:pick|choose|take|buy|go (?:for|with))\b|\b(?:what'?s|which is|who'?s) your (?:pick|favou?rite|choice|recommendation)\b|"
    r"^\W*(?:(?:ok(?:ay)?|hmm+|so|just|can you|could you|please|idk|dunno|i can'?t decide|well)\W+)*(?:you (?:pick|choose|decide)|(?:pick|choose|decide)(?: one)? for me|help me (?:pick|choose|decide)(?: one| between (?:them|these|those))?|(?:just )?pick one|your (?:pick|choice|call)|(?:i )?can'?t decide|which (?:one )?is (?:the )?best(?: one| of (?:them|these|those))?|which one)\W*$"
)
"""Asks us to choose among what is on the screen."""
DULL = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|hmm+|nah|no|ugh|well|sorry|but|they'?re|these are|those are|it'?s|that'?s|all|so|kinda|a bit|too|pretty|really)\W+)*"
    r"(?:boring|meh|bleh|blah|yawn|ugly|hideous|tacky|bland|lame|not (?:really )?(?:my|his|her|our|their) (?:style|thing|taste|vibe|type|cup of tea)|(?:i )?(?:don'?t|do not) (?:really )?like (?:any|these|those|them|it|that)(?: of (?:these|them|those))?|"
    r"(?:i )?(?:hate|dislike) (?:these|them|those|all of (?:them|these))|none of (?:these|those|them)(?: (?:please|work|works|fit|will do|are good|appeal\w*|do it|really)(?: for me)?)?|not (?:these|those|any of (?:these|those|them)))\W*$"
)
"""What is on the screen does not please, and nothing else is said."""
SURPRISE = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|hmm+|well|just|please|idk|dunno|i don'?t know|so|can you|bored)\W+)*"
    r"(?:surprise me|inspire me|dealer'?s choice|(?:show me |got |find me )?(?:something|anything) (?:cool|fun|interesting|random|unusual)|whatever you (?:like|think|want)|show me (?:anything|whatever|stuff|things|what you(?:'ve)? (?:have|got))|what'?s (?:new|hot|popular|trending|good)(?: today| here)?|"
    r"what do you (?:have|sell)(?: here)?|what have you got|random|anything(?: goes| really)?)\W*$"
)
"""Asks to be shown something, whatever it is."""
GOES_WITH = re.compile(
    r"\b(?:what|anything|something|things?|stuff)(?: else)?(?: (?:is|would|might|could|do you have|that|should))*(?: i)? (?:goes?|go|going|wear|wears|matches|match|pairs?|combines?)(?: well| nicely| good| best)* (?:with|to) (?:it|this|that|them|these|those|the (?:first|second|third|fourth|fifth|sixth|last)(?: one)?|number \d)\b|"
    r"\bcomplete (?:the|this|my|that) (?:look|outfit|set)\b"
)
COMPARE = re.compile(
    r"\b(?:compare|comparison|versus|vs\.?|side by side|difference(?:s)? between|which (?:one )?(?:is|are|of (?:these|those|them)|would|should|has|do)\b.{0,40}\b(?:better|best|lighter|lightest|warmer|cheaper|cheapest|stronger|choose|pick|recommend|buy|get|longer|bigger)|"
    r"how (?:do|does) (?:they|the \w+|these|those) (?:compare|differ|stack up))\b"
)
SUPERLATIVE = re.compile(
    r"\b(?:lightest|warmest|cheapest|strongest|longest|biggest|largest|smallest|heaviest|brightest|loudest|quietest|fastest|thickest|thinnest|widest|tallest|shortest|softest|deepest|newest|"
    r"best|better|most|least|highest|lowest)\b"
)
SIMILAR = re.compile(
    r"\b(?:similar(?: (?:to|ones?|products?|items?|styles?))?|(?:something|anything|what|more|others?|one|ones)(?: else)?(?: (?:is|do you have|have you got|you got|there is|is there))*(?: there)? like (?:that|this|it|them|the|those|these|number)|alternatives?(?: to)?|same (?:style|kind|type|thing) (?:as|but)|more (?:of these|like))\b"
)
QUESTION = re.compile(
    r"^\W*(?:and |so |but |ok(?:ay)?,? |hmm,? )?(?:is|are|does|do|did|can|could|will|would|has|have|who|how(?! about| do i| can i| would i)|what(?! about| else| do you (?:have|sell|carry|recommend|suggest)| would you| should i| can i)|what's|which|when|why|where (?:is|are) (?:it|they|this|that|these|those) made)\b"
)
ABOUT_PRODUCT = re.compile(
    r"\b(?:it|its|it'?s|that|this|they|them|their|these|those|the (?:first|second|third|fourth|fifth|sixth|last|cheapest|blue|red|black|white|green|other|one)|number \d+|#\d+|\w+ one)\b"
)
SHOP = re.compile(
    r"\b(?:what|how|where|when|do|does|did|can|could|is|are|tell me|who|which|will)\b[^.?!]{0,60}\b(?:shipping|ship(?: (?:to|internationally|it|abroad|overseas|today|free|worldwide))?(?=\W|$)|deliver(?:y|ies)?(?: to| on| costs?| times?)?|return policy|returns?(?= polic|\?|$)|returns work|"
    r"refund policy|refunds?|exchange policy|exchanges|warranty|warranties|guarantee|payment methods?|pay (?:with|by|in|later|on delivery)|accept (?:paypal|visa|cards?|apple pay|google pay|klarna|cash|bitcoin|crypto|amex|american express|mastercard|returns?)|take (?:paypal|visa|apple pay|cards?)|"
    r"opening hours|(?:days|long) do i have to (?:return|send)|open(?:ing)? times?|(?:your|business|store|shop) hours|open (?:on|today|tomorrow|now|at)|you open|gift ?-?wrap\w*|wrap (?:presents?|gifts?)|customer (?:service|support)|contact you|phone number|price match\w*|discount codes?|student discounts?|loyalty|privacy|"
    r"store locations?|physical (?:store|shop)|headquarters|sales tax|installments?|instalments?|coupons?|promo(?: ?codes?)?|customs(?: duties| fees)?)\b"
    r"|(?:your|the) (?:return|returns|refund|shipping|delivery|exchange|warranty|privacy|price match) (?:policy|policies|costs?|fees?|times?|options?)|(?:return|refund|shipping|exchange|warranty) policy|^\W*(?:is (?:it|there) )?free (?:shipping|returns|delivery)\W*$|"
    r"(?:shipping|delivery) (?:costs?|times?|fees?|options?)\b|how long (?:does|do|is|will) (?:the )?(?:shipping|delivery|it take to (?:arrive|ship|get here))|do you gift ?-?wrap|can i (?:return|send back) (?:it|things|items|something)(?: if| when| after| within|\W*$)|"
    r"\b(?:how|what|when|can|could|do|does|is|are|will|who|whats|may)\b[^.?!]{0,60}\b(?:send|sent|sending|bring|bringing|give|giving|take|taking|mail|mailing|ship|shipping)\b(?: [a-z']+){0,3} back\b|\b(?:how|what|when|can|could|do|does|is|are|will|get)\b[^.?!]{0,40}\bmoney back\b|"
    r"\bhow long (?:until|till|before|for)\b[^.?!]{0,40}\b(?:gets?|here|arrives?|comes?|there|delivered|deliver\w*|shipping|refund\w*|returns?)\b|\b(?:coupon|promo|discount|voucher|promotional) ?codes?\b|\b(?:got|have|any|are there|is there|need|use|apply|redeem)\b[^.?!]{0,20}\b(?:coupons?|promo|vouchers?)\b|"
    r"\b(?:give|get|apply|have|want|need)\b[^.?!]{0,25}\b(?:\d{1,3} ?(?:%|percent) (?:off|discount)|a discount)\b|(?:talk|speak) to (?:a )?(?:human|person|someone|somebody|agent)|\b(?:get|have|receive|arrive|here) (?:it |them |this |that |these |my order )?(?:by|before|in time for) (?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|the weekend|next week|christmas|xmas|then|my|her|his)\b|\b(?:do you have|is there|where(?:'s| is| are)) (?:a |an |any |your )?(?:physical |real |nearest )?(?:stores?|shops?|branch|location)(?: (?:in|near|around|close)\b|\W*$)|"
    r"\b(?:are there|any) (?:stores?|shops) (?:in|near)\b|\bany (?:promo|discount|coupon|voucher)s?(?: ?codes?)?\b|\b(?:paypal|visa|mastercard|amex|klarna|apple pay|google pay) accepted\b|\b(?:safe|secure) to (?:buy|pay|order|shop|use my card)|\b(?:got|received|ordered|sent(?: me)?|bought) the wrong (?:size|colou?r|item|thing|one)\b|\bwhat if (?:it|they) (?:don'?t|doesn'?t|do not|does not) fit\b|"
    r"\b(?:can|could|may|do) (?:i|we|you|people) (?:return|exchange|send back|refund|take back)\b[^.?!]{0,40}\b(?:if|when|within|after|later|for free|without|once|worn|opened|used)\b"
)
CART = re.compile(
    r"(?<!should i )(?<!do i )(?<!can i )(?<!thing to )\b(?:add|put|throw|stick|place|drop|pop)\b[^.?!]{0,60}\b(?:to|in|into) (?:my |the )?(?:shopping )?(?:cart|basket|trolley|bag(?= |\W*$))\b(?! (?:for|that|of))|\b(?:remove|delete|take)\b.{0,50}\b(?:from|out of|off) (?:the |my )?(?:cart|basket|bag)\b|\b(?:show|view|see|open|check|empty|clear|what'?s (?:in|inside)|what is in|what do i have in)\b(?: me)?(?: my| the)?(?: shopping)? (?:cart|basket|trolley)\b|^\W*(?:my |the )?(?:shopping )?(?:cart|basket)\W*$|"
    r"^\W*(?:(?:ok(?:ay)?|great|perfect|alright|all right|cool|good|nice|yes|yeah|then|so|well)\W+)*(?:i'?ll|i will|let me|i want to|i'?d like to|can i)? ?(?:take|buy|have|get|grab|purchase|order)(?: me)? (?:it|this|that|them|these|those|both|the (?:first|second|third|fourth|fifth|sixth|last|blue|red|black|white|green|brown|grey|gray|cheapest|cheaper|other) ?(?:one|ones|pair|two)?|number \d+|#\d+|(?:one|two|three|four|five|\d) of (?:it|them|those|these|the \w+(?: one)?))\b(?! (?:by|before|delivered|shipped|today|tomorrow|tonight|in time|on time|in (?:a |an )?(?:red|blue|black|white|green|gr[ae]y|brown|pink|other|another|different)|cheaper|elsewhere|for free|for less))|"
    r"^\W*(?:one|two|three|four|five|six|\d{1,2}) of (?:it|them|those|these|the|number)\b|\badd (?:it|this|that|them|these|those|both|the (?:first|second|third|fourth|fifth|last|cheapest|\w+) (?:one|ones|pair)|number \d+|(?:one|two|three|\d+) of)\b|"
    r"(?:^|[,.;!]|\band\b)\s*(?:(?:ok(?:ay)?|yeah|yes|sold|deal|cool|so|then)\W+)*(?:i'?ll (?:take|have|get|grab|buy|cop)|i'?m (?:taking|getting|buying)|lemme (?:get|have|take|grab|cop)|let me (?:get|have|take|grab)|gimme|give me|hook me up with|ring (?:me )?up|wrap up|cop|bag me|i'?ll go (?:with|for)|let'?s (?:go with|get|take)|sold[,!]?) (?:it|both|(?:the )?(?:first|second|third|fourth|fifth|sixth|last|cheapest)(?: one| pair)?|(?:the )?(?:number|no\.?|#) ?\d+)(?: (?:please|then|thanks|pls))?\W*$|"
    r"^\W*(?:ok(?:ay)?\W+)?(?:number \d+|the (?:first|second|third|fourth|fifth|sixth|last)(?: one)?) it is\W*$|\b(?:change|update|set|make) (?:the )?quantity\b|\bmake (?:it|that) (?:two|three|four|five|\d+)\b"
)
CHECKOUT = re.compile(
    r"(?<!self )(?<!self-)\bcheck ?out\b(?! (?:counters?|scanners?|registers?|toys?|lanes?|stands?|tills?|sets?|playsets?|desks?|books?|these|those|some|your|new)\b)|\b(?:place (?:the|my|an) order\b(?! of\b)|pay now|complete (?:the|my) (?:order|purchase)|proceed to (?:payment|checkout)|ready to (?:pay|order|buy|check))\b|^\W*(?:buy|order) (?:it|everything|all)(?: now)?\W*$"
)
ORDER = re.compile(
    r"\b(?:where(?:'s| is| are) my (?:order|package|parcel|stuff|delivery|boots|shoes)|track (?:my|the|an) (?:order|package|parcel)|order (?:status|number|history)|status of (?:my|the) order|my (?:last |recent |previous )?orders?\b|cancel (?:my|the|that|this) (?:order|purchase)|"
    r"(?:return|exchange|send back|refund) (?:my|the|this|that|these|those|it|them|an item|something|one of)|return (?:an?|the) (?:item|order|product)|i (?:want|need|would like|'d like) (?:to (?:return(?! to\b)|exchange|cancel)|a refund)|change (?:the|my) (?:shipping |delivery )?address|what did i (?:buy|order)|(?:what|things?|stuff|the \w+) i (?:bought|ordered) (?:last|before|previously|a while|recently)|(?:same|usual) (?:\w+ )?(?:as|like) last time|re-?order\b|(?:buy|order|get) (?:it|that|them|the same(?: thing| one)?) again|"
    r"(?:package|parcel|order|delivery) (?:has ?n'?t|hasn'?t|never|did ?n'?t|didn'?t|has not|did not) (?:arrived?|come|came|shown up|been delivered)|(?:i )?(?:never|did ?n'?t|haven'?t|have not) (?:got|get|gotten|received?|had) (?:my|the) (?:package|parcel|order|delivery|stuff)|\b(?:arrived|came|delivered) (?:broken|damaged|late|empty|smashed|dented)\b|get my money back|missing (?:package|parcel|item from my order)|item (?:arrived|came) (?:broken|damaged))\b"
)
PREFERENCE = re.compile(
    r"^\W*(?:(?:just )?(?:so you know|fyi|for (?:the record|future reference|next time)|remember(?: that)?|note that|by the way|btw)[,:]?\s+)?(?:i'?m (?:usually |normally |always )?an? (?:size |men'?s |women'?s )?(?:\d|xs|s\b|m\b|l\b|xl|xxl|small|medium|large)|i (?:usually |normally |always )?(?:wear|take) (?:a )?(?:size|men'?s|women'?s|us|xs|s\b|m\b|l\b|xl|\d)|"
    r"my (?:shoe |shirt |ring |foot |dress )?size is|i (?:never|don'?t|do not|only|always) (?:wear|buy|use|like|want|eat)|i prefer|i'?m (?:vegan|vegetarian|allergic)|(?:i (?:have|got) an? )?\w+ allergy\b|allergic to|vegan(?:,| and) (?:i'?m )?allergic|i'?m a (?:vegan|minimalist)|i (?:really )?(?:love|like|hate) (?:the brand |brand )?\w+(?: brand| shoes)?\W*$|never (?:show|suggest|recommend|leather|wool|fur))"
)
OF_A_CART = re.compile(r"\b(?:cart|basket|trolley|bag|so far|in there|order total)\b")
LASTS = re.compile(
    r"\b(?:always|never|ever|usually|normally|generally|in general|from now on|in future|for (?:future|next time|the record|reference)|remember|keep in mind|bear in mind|note(?:d)? (?:that|down)|allergic|allergy|vegan|vegetarian|favou?rite|every time|by default)\b"
)
"""Words of a statement that is meant for more than this search."""
COMPLAINT = re.compile(
    r"\b(?:i hate (?:you|this)|you(?:'re| are)? (?:so |really |totally )?(?:suck|useless|stupid|dumb|terrible|awful|bad|wrong|no help|not helpful|not helping|not listening)|(?:this|that)(?:'s| is) (?:so |really )?(?:useless|stupid|terrible|awful|ridiculous|not helpful|not what i (?:asked|said|meant|wanted)|wrong)|"
    r"not what i (?:asked|said|meant|wanted)(?: for)?|you don'?t understand|are you (?:dumb|stupid)|wtf)\b"
)
QUANTITY_ALONE = re.compile(
    r"^\W*(?:(?:and|at least|about|around|in|with|ok(?:ay)?|actually|no|hmm|maybe|more like|i (?:want|need)|then|or|make it|minimum|the)\W+)*(?P<amount>\d+(?:[.,]\d+)?)\s?-?(?P<unit>w|watts?|l|liters?|litres?|ml|oz|ounces?|gallons?|inch(?:es)?|in|ft|feet|\"|mah|gb|tb|hz|kg|g|lbs?|pounds?|lumens?|cm|mm|packs?|pieces?|persons?|people|cups?|hours?|seats?|seater|tier)"
    r"(?:\W+(?:please|at least|version|one|model|capacity|long|wide|or (?:more|less)|minimum|screen|battery))*\W*$"
)
ADDS = re.compile(
    r"^\W*(?:(?:and|but|ok(?:ay)?|only|preferably|ideally|maybe|something|anything|one|ones|also|hmm)\W+)*(?:with|without|that (?:has|have|fits?|comes?|is|are|can)|which (?:has|have|fits?|comes?|is|are|can)|having|including|compatible with|it (?:should|must|has to|needs to|needs)|they (?:should|must|have to|need to|need))\b"
)
"""What the thing on the screen must have: a thing named here is a part of it or goes with it, and no new wish."""
DESCRIBED_ONE = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|maybe|hmm|well|actually|and|no)\W+)*(?:an? |the |some )?(?P<how>[a-z0-9' -]{3,40}?) ones?(?:\W+(?:please|then|instead|too))?\W*$"
)
HAS_ALREADY = re.compile(
    r"\b(?:already (?:have|own|got|bought)|have (?:already )?got|i(?:'ve| have) got|i (?:do )?(?:have|own)|don'?t need|no need for|(?:he|she|they)(?:'s| has| have)(?: already)? (?:got|has|have|enough|plenty of)|(?:he|she|they) (?:already )?(?:has|have|owns?))\b"
)
DROPS = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|actually|no|please|just|let'?s|and|well)\W+)*(?:drop|skip|forget(?: about)?|remove|leave out|lose|scrap|ditch|cancel|never ?mind|nvm|no(?: more)?|not|without|minus)\s+(?:the |any |those |that )?[a-z' -]{3,30}\W*$"
)
"""One of the kinds that are shown is wanted no more."""
ABOUT_ME = re.compile(
    r"^\W*(?:(?:and|but|well|oh|also|btw)\W+)*(?:i'?m|i am|we'?re|we are|i weigh|my (?:feet|foot|head|hands?|back|room|desk|bed|house|car|budget) (?:is|are))\b(?! (?:looking|searching|shopping|after|going|hunting|interested|trying|planning|not|just|fine|good|done|ok))"
)
TAKES_BACK = re.compile(
    r"\b(?:actually|no wait|wait,? no|scratch that|i mean|or rather|sorry)\b[,:]?\s+(?:no,? )?(?:make (?:it|that)|in)\b"
)
ABOUT_A_PERSON = re.compile(r"^\W*(?:(?:and|but|well|oh|also|btw)\W+)*(?:he|she|they|he's|she's|they're|hes|shes)\b")
_STARTS_OVER = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|actually|please|let'?s|let me|can we|no|hmm|well|you know what|never ?mind)\W+)*"
    r"(?:start(?:ing)? (?:over|again|afresh|fresh|anew|from (?:scratch|zero|the (?:start|beginning)))|reset(?: (?:all|everything|filters?|the (?:filters?|chat|search)))?|begin again|(?:a )?new search|clean slate|"
    r"(?:forget|clear|scrap) (?:everything|all (?:of )?(?:that|this|it)|what i said)(?: (?:i said|so far|before))?|(?P<taken_back>scratch (?:all )?that))\b"
    r"(?:\W+(?:and|now|then|so|please|pls|with|instead|everything)\b)*[\s,.;:!-]*(?P<rest>.*)$",
    re.DOTALL,
)
NO_FILTERS = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|actually|please|just|now)\W+)*(?:show (?:me )?(?:them all|all(?: of (?:them|it))?|everything)(?: again)?|no (?:more )?filters?|(?:remove|clear|drop|forget)(?: all)?(?: the| my)? filters?)\W*$"
)
ONLY_ONE_KIND = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|no|actually|well|hmm)\W+)*(?:only|just)(?: show(?: me)?)? (?:the |those |these )?(?P<what>[a-z' -]{3,30}?)(?:\W+(?:please|then|now))?\W*$"
)
UNDECIDED = re.compile(
    r"^\W*(?:(?:hm+|uh+|um+|well|ok(?:ay)?)\W+)*(?:i'?m )?(?:not (?:so |really |quite )?sure(?: yet)?|no idea|i don'?t know|dunno|not really|let me think(?: about it)?|i'?ll think about it)\W*$"
)
ALWAYS_OUT_OF_SCOPE = re.compile(
    r"^\W*(?:please |can you |could you |will you )*(?:translate |write (?:me )?(?:a|an|some) (?:poem|song|story|essay|haiku|email|letter|code|script|program|function|joke)|book (?:me )?(?:a )?(?:table|flight|hotel|taxi|room)|do my (?:\w+ )?homework|(?:do|help me with|solve) (?:my|the) (?:\w+ )?homework|tell me a (?:joke|story)|sing )"
)
OUT_OF_SCOPE = re.compile(
    r"\b(?:translate (?:this|that|the|into|to|for|\"|')|write (?:me )?(?:a|an|some|code|python|my)(?! (?:review|list))|(?:a|me a|short) poem\b(?! book)|essay (?:about|on|for)|do my homework|python (?:code|script|function)|javascript (?:code|function)|code (?:that|in python)|meaning of life|"
    r"sing (?:me )?a song|tell (?:me |us )?(?:a |another )?(?:joke|story)|what time is it|what day is|square root|medical advice|diagnose (?:me|my)|legal advice|do my taxes|my horoscope|lottery numbers|book (?:me )?(?:a )?(?:flight|hotel|table|taxi|uber|room)\b|movie times|wifi password|"
    r"system prompt|jailbreak|pretend (?:you|to be)|act as (?:a|an|if|my|the)\b|admin (?:password|access|rights)|roleplay|are you married|(?:do you )?love me|date me|"
    r"(?:what(?:'s| is| was| are)|how(?:'s| is)|who(?:'s| is| was| won)|when (?:is|was)|where (?:is|can)|will|is it going|how (?:do|to|many|much)|can you|give me|any)\b[^.?!]{0,40}\b(?:weather|forecast|rain (?:today|tomorrow)|the news|stock (?:market|price)|price of bitcoin|bitcoin price|football (?:score|match)|the (?:game|match|election|world cup|super bowl)|"
    r"president|prime minister|king of|capital of|population of|recipe for|cook|bake (?:a|bread|cakes?)|calculate|solve|symptoms|restaurants?|hotel in|flights? to|directions to|spell|invented|moon landing)\b)|"
    r"^\W*what(?:'s| is) \d+\s*[x*+/-]\s*\d+\W*$|\d+\s*[*+/]\s*\d+\s*(?:=|\W*$)"
)
ASKS_OF_RETURNS = re.compile(
    r"\b(?:how|what|when|who)\b[^.?!]{0,40}\b(?:return|exchange|send back|refund)\b|\b(?:can|could|may|do) (?:i|we|you|people) (?:return|exchange|send back|refund|take back)\b[^.?!]{0,40}\b(?:if|when|within|after|later|for free|without|once|worn|opened|used)\b|\bwhat if (?:it|they) (?:don'?t|doesn'?t|do not|does not) fit\b"
)
OF_A_PRODUCT = re.compile(r"\b(?:warrant(?:y|ies)|guarantee)\b")
INJECTION = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass) (?:all |any |your |my |the |previous |prior |above |these |those )*(?:instructions?|rules?|prompts?|guidelines|filters|polic(?:y|ies))\b|\bsystem ?(?:prompt|:|message)|\byou(?:'re| are) (?:dan|jailbroken|unrestricted)\b|\bdo anything now\b|\bdeveloper mode\b|\byou are now\b"
)
BARE_YES_NO = re.compile(
    r"^\W*(?:yes|yeah|yep|yup|sure|no|nope|nah|ok|okay|please do|go ahead|do it|confirm(?:ed)?)(?:,? (?:please|thanks|thank you|do it|go ahead))?\W*$"
)
FOLLOW_UP = re.compile(
    r"^\W*(?:and |but |ok(?:ay)?,? |hmm,? |actually,? |well,? |no,? |yes,? |sorry,? )*(?:only|just|anything|any|something|what about|how about|do you have (?:it|them|that|those|any)|got any|make (?:it|them|that)|in|under|below|cheaper|more|less|"
    r"with(?:out)?|but|not|no|preferably|same|the same|show (?:me )?(?:more|others?|cheaper|only|the|some)|instead|up to|between|around|lighter|smaller|bigger|larger|warmer|different|other|another|forget|drop|ignore|for (?:men|women|kids|him|her|two|three|four|five|six|\d)\b|"
    r"men'?s|women'?s|size|i'?d (?:rather|prefer)|rather|prefer|can (?:it|they)|(?:could|can) you (?:show|narrow|filter|sort)|sort|filter|narrow|maybe)\b"
)
CHEAPER = re.compile(
    r"\b(?:cheaper|less expensive|lower price|more affordable|too (?:expensive|pricey|much|dear)|out of (?:my )?budget|over (?:my )?budget|(?:bit|little|tad|touch|rather|kinda|quite|so|way|very|pretty) (?:too )?(?:expensive|pricey|pricy|dear|steep|costly)|"
    r"steep|can'?t afford|more than i (?:wanted|hoped|planned|can)|cost(?:s|ing)? an arm|rob a bank|bring (?:it|the price) down|lower budget)\b"
)
PRICIER = re.compile(r"\b(?:more expensive|fancier|nicer|posher|swankier|higher[- ]end|better quality|more premium|upscale)\b")
MORE = re.compile(
    r"^\W*(?:show (?:me )?(?:some )?(?:more|others?|different ones|other (?:ones|options))|more(?: options| please| of them| choices)?|(?:any )?other (?:options|ones|choices)|anything else|what else(?: (?:have|do) you (?:got|have))?|next|see more|else)\W*$"
)
WHAT_ELSE = re.compile(
    r"\b(?:what else|anything else|other (?:things|stuff|gear)|everything|all (?:the )?(?:gear|things|stuff)|whole (?:outfit|kit|set)|essentials|gear|accessories|kit|must[- ]haves?|checklist|supplies|equipment|stuff|things|outfit)\b"
)
LIKES = re.compile(
    r"\b(?:loves?|likes?|enjoys?|adores?|collects?|plays?|into|obsessed with|crazy about|mad about|fan of|keen on|started|is learning)\b"
)
GIFT = re.compile(
    r"\b(?:gifts?|presents?|something|anything|ideas?|surprise|birthday|bday|anniversary|xmas|christmas)\b|\U0001f381|\U0001f382|\U0001f380"
)
GIFT_CARD = re.compile(
    r"\b(?:gift|store|e-?gift|steam|amazon|itunes|visa)[\s-]?(?:card|voucher|certificate)s?\b|\bgift vouchers?\b|\bvouchers?\b(?! ?codes?)"
)
_FOREIGN = {
    "Spanish": re.compile(r"\b(?:hola|puedes|ayuda|ayudarme|busco|quiero|necesito|zapatos|para|tiene[ns]?|gracias|cuánto|cuanto|cuesta|barat[oa]s?|una?|los|las|por|favor|algo|regalo|mochila|botas|m[aá]s|menos|azul(?:es)?|roj[oa]s?|negr[oa]s|blanc[oa]s|verdes?|pequeñ[oa]s?|grandes?|otr[oa]s?|tallas?|colores|con|sin|el|y|ver|muéstrame|también|pero|en|del?)\b"),
    "French": re.compile(r"\b(?:bonjour|salut|pouvez|peux|aider|je|cherche|voudrais|chaussures|pour|avez|vous|merci|une?|des|les|pas|cher|chère|chers|moins|s'il|cadeau|veux|besoin|et|en|bleue?s?|rouges?|noire?s?|blanche?s?|verte?s?|petite?s?|grande?s?|autres?|taille|combien|avec|sans|aussi|montre[rz]?|plus|pour|est)\b"),
    "German": re.compile(r"\b(?:hallo|kannst|können|du|helfen|hilfe|ich|suche|brauche|möchte|schuhe|für|haben|sie|danke|bitte|ein(?:e[nr]?)?|und|mit|ohne|guten|geschenk|rucksack|in|blau(?:e[nrs]?)?|rote?[nrs]?|schwarz(?:e[nrs]?)?|grün(?:e[nrs]?)?|wei(?:ß|ss)(?:e[nrs]?)?|billiger|günstiger|größer|kleiner|auch|oder|nicht|gibt|es|das|der|ist|wie|viel|kostet|noch|andere[nrs]?|zeig|mir|etwas|aber|nur)\b"),
    "Italian": re.compile(r"\b(?:ciao|puoi|aiutarmi|cerco|vorrei|scarpe|per|avete|grazie|una?|regalo|ho|bisogno|economic[oahei]+|più|piccol[oaie]|grand[ei]|blu|ross[oaie]|ner[oaie]|bianc[oahei]+|con|senza|anche|quanto|costa|altr[oaie]|in|meno)\b"),
    "Portuguese": re.compile(r"\b(?:olá|pode|ajudar|você|procuro|preciso|quero|sapatos|para|obrigad[oa]|um|uma|barat[oa]s?|presente|mais|menos|azul|vermelh[oa]s?|pret[oa]s?|branc[oa]s?|maior|menor|outr[oa]s?|quanto|custa|com|sem|também|em)\b"),
}  # fmt: skip


_ACKNOWLEDGES = frozenset(
    "ok okay k perfect great cool nice awesome lovely super wonderful brilliant excellent fantastic good thanks thank thx ty cheers ta you so much very a lot million bye goodbye later see ya mate again that's thats all for now today it is was helpful helping your the help sounds got no nope yes yeah then one best amazing really appreciate i love".split()
)
_THANKS_WORD = frozenset(
    "thanks thank thx ty cheers perfect great cool nice awesome lovely super wonderful brilliant excellent fantastic bye goodbye ok okay amazing appreciate".split()
)


def acknowledges(message: str) -> bool:
    """Whether a message only thanks, agrees or takes leave: "ok perfect, thank you!"."""
    words = re.findall(r"[a-z']+", fold(message))
    return bool(words) and len(words) <= 9 and set(words) <= _ACKNOWLEDGES and bool(set(words) & _THANKS_WORD)


def starts_over(message: str) -> str | None:
    """What is wanted after "start over": empty where nothing else is said, None where a message starts nothing over."""
    match = _STARTS_OVER.match(message.casefold().strip())
    # "Scratch that, make it blue" and "forget all that but the budget" take back one thing, not everything.
    if match is None or (match["rest"] and (match["taken_back"] or re.match(r"(?:but|except|apart|about|make|only)\b", match["rest"]))):
        return None
    return match["rest"].strip(" .!?")


def foreign_language(message: str) -> str | None:
    """The language of a message that is not English, as far as a few words tell; None for English."""
    lowered = message.casefold()
    counts = {name: len(pattern.findall(lowered)) for name, pattern in _FOREIGN.items()}
    best = max(counts, key=lambda name: counts[name])
    total = max(1, len(re.findall(r"\w+", lowered)))
    letters = re.findall(r"[^\W\d_]", message)
    if letters and sum(ord(c) > 0x2AF for c in letters) / len(letters) > 0.5:
        return "another"
    # "In", "con" and "plus" are words of English too: two of a language's own words count, or one beside nothing but its small ones.
    own = sum(word not in _ENGLISH_TOO for word in _FOREIGN[best].findall(lowered))
    return best if own and counts[best] >= 2 and counts[best] / total >= 0.34 else None


_ENGLISH_TOO = frozenset(
    "in en con sin per para plus petite pas est del de es das y ver un una sans verde grande bleu noir das der ho mas an".split()
)


def has_words(message: str) -> bool:
    """Whether there is anything to read: a letter or a digit."""
    return re.search(r"[^\W_]", message) is not None


def is_gibberish(message: str, known: Container[str]) -> bool:
    """Whether no run of letters is a word or could be one: "asdfkjh", "zzzzzz"."""
    words = re.findall(r"[a-z]+", fold(message))
    if not words or re.search(r"\d", message):
        return False
    return all(word not in known and len(word) > 3 and _UNSPEAKABLE.search(word) is not None for word in words)


_UNSPEAKABLE = re.compile(r"^[^aeiouy]+$|(.)\1{3,}|[bcdfghjklmnpqrstvwxz]{6,}|[qwxzjkv]{3,}|q(?!u)[a-z]")
