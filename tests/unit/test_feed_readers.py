"""Does each feed format come in whole, and is every bad row named with line, field, value and reason?"""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.feeds.reading import feed_format, feed_hash, read_feed
from catalog.feeds.rows import FeedRow, Rejection
from config import Settings
from domain.errors import BadFeed
from domain.money import Money
from domain.product import Product


def written(folder: Path, name: str, content: str | bytes) -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def products_of(rows: list[FeedRow]) -> list[Product]:
    return [row for row in rows if isinstance(row, Product)]


def rejections_of(rows: list[FeedRow]) -> list[Rejection]:
    return [row for row in rows if isinstance(row, Rejection)]


MERCHANT_TSV = "\t".join(
    ("id", "title", "description", "link", "image link", "availability", "price", "sale_price", "brand", "product_type", "color",
     "size", "gender", "age_group", "material", "item_group_id", "quantity", "product_highlight")
) + "\n"  # fmt: skip


def tsv_row(**values: str) -> str:
    return "\t".join(values.get(name.strip().replace(" ", "_"), "") for name in MERCHANT_TSV.strip().split("\t")) + "\n"


class TestMerchantTsv:
    def test_fields_of_the_specification_become_facts_of_the_product(self, tmp_path: Path) -> None:
        row = tsv_row(
            id="a1", title="Trail Jacket", description="A waterproof <b>jacket</b>.", price="129.00 USD", sale_price="99.50 USD",
            brand="Alto", product_type="Apparel > Jackets", color="Navy/Grey", gender="female", material="Nylon/Elastane",
            availability="in stock", quantity="7", image_link="https://shop.example/a1.jpg",
            product_highlight="Windproof,Packs small",
        )  # fmt: skip
        (product,) = products_of(list(read_feed(written(tmp_path, "feed.tsv", MERCHANT_TSV + row))))
        assert product.price == Money.usd("99.50")
        assert product.category == ("Apparel", "Jackets")
        assert product.colors == ("navy", "gray")
        assert product.gender == "women"
        assert product.material == ("nylon", "elastane")
        assert product.stock == 7
        assert set(product.features) == {"waterproof", "windproof"}
        assert product.description == "A waterproof jacket. Windproof Packs small"

    def test_rows_of_one_group_are_variants_of_one_product(self, tmp_path: Path) -> None:
        rows = [
            tsv_row(
                id=f"s-{size}-{color}", title="Runner", price="80 USD", size=size, color=color, item_group_id="runner",
                availability=state,
            )
            for size, color, state in (("9", "red", "in stock"), ("10", "red", "out of stock"), ("10", "blue", "in stock"))
        ]  # fmt: skip
        rows.append(tsv_row(id="sock", title="Sock", price="5 USD"))
        runner, sock = products_of(list(read_feed(written(tmp_path, "feed.tsv", MERCHANT_TSV + "".join(rows)))))
        assert [(v.size, v.color, v.stock) for v in runner.variants] == [
            ("9", "red", None),
            ("10", "red", 0),
            ("10", "blue", None),
        ]
        assert runner.colors == ("red", "blue")
        assert sock.variants == ()

    def test_a_price_that_is_none_is_named_and_the_rest_goes_in(self, tmp_path: Path) -> None:
        rows = tsv_row(id="a", title="Good", price="5 USD") + tsv_row(id="b", title="Bad", price="abc") + tsv_row(id="c", title="Fine")
        read = list(read_feed(written(tmp_path, "feed.tsv", MERCHANT_TSV + rows)))
        assert [p.product_id for p in products_of(read)] == ["a", "c"]
        (rejection,) = rejections_of(read)
        assert (rejection.line, rejection.field, rejection.value) == (3, "price", "abc")
        assert "49.99" in rejection.reason, "the reason names the fix"

    def test_a_quote_that_is_never_closed_swallows_no_other_row(self, tmp_path: Path) -> None:
        rows = tsv_row(id="a", title='"Fancy 5" board') + tsv_row(id="b", title='"Quoted ""name"""')
        read = products_of(list(read_feed(written(tmp_path, "feed.tsv", MERCHANT_TSV + rows))))
        assert [p.title for p in read] == ['"Fancy 5" board', 'Quoted "name"']

    def test_a_missing_column_refuses_the_feed_by_name(self, tmp_path: Path) -> None:
        with pytest.raises(BadFeed, match="lacks the column 'title'"):
            list(read_feed(written(tmp_path, "feed.tsv", "id\tprice\na\t5 USD\n")))

    def test_bytes_that_are_no_utf_8_reject_their_row_only(self, tmp_path: Path) -> None:
        content = (MERCHANT_TSV + tsv_row(id="a", title="X")).encode().replace(b"X", b"\xff\xfe!") + tsv_row(id="b", title="Y").encode()
        read = list(read_feed(written(tmp_path, "feed.tsv", content)))
        assert [p.product_id for p in products_of(read)] == ["b"]
        assert "UTF-8" in rejections_of(read)[0].reason

    def test_a_row_with_too_many_values_is_rejected(self, tmp_path: Path) -> None:
        read = list(read_feed(written(tmp_path, "feed.tsv", "id\ttitle\na\tb\tc\nd\te\n")))
        assert [r.line for r in rejections_of(read)] == [2]

    def test_a_row_with_too_few_values_is_rejected_and_not_read_as_if_the_rest_were_empty(self, tmp_path: Path) -> None:
        read = list(read_feed(written(tmp_path, "feed.tsv", "id\ttitle\tprice\na\tb\nd\te\t5 USD\n")))
        assert [p.product_id for p in products_of(read)] == ["d"]
        assert rejections_of(read)[0].reason == "the row has 2 values for 3 columns"

    def test_a_row_of_a_group_that_repeats_an_id_is_rejected(self, tmp_path: Path) -> None:
        rows = [tsv_row(id="a", title="Tee", price="5 USD", size=size, item_group_id="tee") for size in ("S", "M")]
        read = list(read_feed(written(tmp_path, "feed.tsv", MERCHANT_TSV + "".join(rows))))
        assert [r.line for r in rejections_of(read)] == [3]
        assert products_of(read)[0].variants == ()

    def test_utf_16_as_google_allows_is_read(self, tmp_path: Path) -> None:
        read = list(read_feed(written(tmp_path, "feed.txt", (MERCHANT_TSV + tsv_row(id="a", title="Mütze")).encode("utf-16"))))
        assert products_of(read)[0].title == "Mütze"


RSS = """<?xml version="1.0"?>
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title>{}</channel></rss>"""
ITEM = """<item><g:id>{id}</g:id><title>Desk lamp</title><g:price>{price}</g:price><g:availability>out_of_stock</g:availability>
<g:product_detail><g:attribute_name>Height</g:attribute_name><g:attribute_value>40 cm</g:attribute_value></g:product_detail>
</item>"""


class TestMerchantXml:
    def test_rss_items_are_products_with_their_details(self, tmp_path: Path) -> None:
        feed = written(tmp_path, "feed.xml", RSS.format(ITEM.format(id="l1", price="24.90 EUR")))
        (product,) = products_of(list(read_feed(feed)))
        assert product.price == Money.of("24.90", "EUR")
        assert product.stock == 0
        assert product.attributes["Height"] == "40 cm"

    def test_atom_entries_are_read_too(self, tmp_path: Path) -> None:
        atom = (
            '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><entry><g:id>1</g:id>'
            '<title>Mug</title><link href="https://shop.example/mug"/></entry></feed>'
        )
        (product,) = products_of(list(read_feed(written(tmp_path, "feed.xml", atom))))
        assert (product.title, product.url) == ("Mug", "https://shop.example/mug")

    def test_a_bad_item_is_counted_and_the_rest_goes_in(self, tmp_path: Path) -> None:
        items = ITEM.format(id="a", price="abc") + ITEM.format(id="b", price="5 USD")
        read = list(read_feed(written(tmp_path, "feed.xml", RSS.format(items))))
        assert [p.product_id for p in products_of(read)] == ["b"]
        assert rejections_of(read)[0].line == 2, "the line of the file on which the item begins"

    def test_an_item_is_named_by_the_line_on_which_it_begins_however_long_the_feed(self, tmp_path: Path) -> None:
        items = "".join(ITEM.format(id=f"p{n}", price="abc" if n == 900 else "5 USD") for n in range(1_000))
        read = list(read_feed(written(tmp_path, "feed.xml", RSS.format(items))))
        assert [r.line for r in rejections_of(read)] == [2 + 900 * 2]
        assert len(products_of(read)) == 999

    def test_broken_xml_refuses_the_feed_with_its_place(self, tmp_path: Path) -> None:
        with pytest.raises(BadFeed, match=r"broken XML.*line"):
            list(read_feed(written(tmp_path, "feed.xml", RSS.format(ITEM.format(id="a", price="5 USD"))[:-20])))

    @pytest.mark.parametrize(
        "doctype",
        [
            '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
            '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
            '<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x.dtd">',
        ],
    )
    def test_external_entities_and_bombs_are_refused_and_never_fetched(self, tmp_path: Path, doctype: str) -> None:
        item = "<item><id>&x;</id><title>t</title></item>" if "&x" in doctype else "<item><id>1</id><title>t</title></item>"
        with pytest.raises(BadFeed, match="DOCTYPE"):
            list(read_feed(written(tmp_path, "feed.xml", f'<?xml version="1.0"?>{doctype}<rss><channel>{item}</channel></rss>')))

    def test_xml_without_items_is_no_feed(self, tmp_path: Path) -> None:
        with pytest.raises(BadFeed, match="no <item>"):
            list(read_feed(written(tmp_path, "feed.xml", "<html><body/></html>")))


SHOPIFY = "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Inventory Qty,Variant Inventory Policy,Variant Price,Image Src,Gift Card,Status\n"


class TestShopifyCsv:
    def test_rows_of_a_handle_are_variants_and_pictures_of_one_product(self, tmp_path: Path) -> None:
        rows = (
            'tee,Trail Tee,"<p>Soft,\nquick-dry tee.</p><script>x()</script>",Alto,T-Shirts,"Men, Summer",true,'
            "Size,S,Color,Red,T-S-R,4,deny,25.00,https://x.example/1.jpg,false,active\n"
            "tee,,,,,,,,M,,Red,T-M-R,0,deny,27.00,,,\n"
            "tee,,,,,,,,,,,,,,,https://x.example/2.jpg,,\n"
            "mug,Mug,,Kiln,Mugs,,true,Title,Default Title,,,MUG,3,deny,12.00,,false,active\n"
        )
        tee, mug = products_of(list(read_feed(written(tmp_path, "products.csv", SHOPIFY + rows))))
        assert [(v.variant_id, v.size, v.color, v.stock) for v in tee.variants] == [
            ("T-S-R", "S", "red", 4),
            ("T-M-R", "M", "red", 0),
        ]
        assert (tee.price, tee.variants[1].price) == (Money.usd("25"), Money.usd("27"))
        assert tee.description == "Soft, quick-dry tee."
        assert tee.gender == "men"
        assert "quick dry" in tee.features
        assert (mug.stock, mug.variants) == (3, ())

    def test_todays_export_has_other_column_names(self, tmp_path: Path) -> None:
        content = "Title,URL handle,Description,Vendor,Status,Price,Inventory quantity,Continue selling when out of stock\nLamp,lamp,Bright.,Lux,Active,30,0,TRUE\n"
        (lamp,) = products_of(list(read_feed(written(tmp_path, "p.csv", content))))
        assert (lamp.product_id, lamp.price, lamp.stock) == ("lamp", Money.usd("30"), None)

    def test_drafts_and_unpublished_products_are_reported_and_not_lost(self, tmp_path: Path) -> None:
        rows = "a,A,,,,,true,,,,,,1,deny,5,,,draft\nb,B,,,,,false,,,,,,1,deny,5,,,active\n"
        read = list(read_feed(written(tmp_path, "p.csv", SHOPIFY + rows)))
        assert [(r.field, r.value) for r in rejections_of(read)] == [("Status", "draft"), ("Published", "false")]

    def test_a_bad_variant_is_rejected_alone(self, tmp_path: Path) -> None:
        rows = "a,A,,,,,true,Size,S,,,,1,deny,5,,,active\na,,,,,,,,M,,,,1,deny,abc,,,\n"
        read = list(read_feed(written(tmp_path, "p.csv", SHOPIFY + rows)))
        assert [v.size for v in products_of(read)[0].variants] == ["S"]
        assert (rejections_of(read)[0].line, rejections_of(read)[0].field) == (3, "Variant Price")

    def test_an_unclosed_quote_is_named_with_the_line_where_it_opens(self, tmp_path: Path) -> None:
        rows = 'a,A,,,,,true,,,,,,1,deny,5,,,active\nb,"B,,,,,true,,,,,,1,deny,5,,,active\nc,C,,,,,true,,,,,,1,deny,5,,,active\n'
        read = list(read_feed(written(tmp_path, "p.csv", SHOPIFY + rows)))
        assert [p.product_id for p in products_of(read)] == ["a"]
        assert rejections_of(read)[0].line == 3

    def test_a_gift_card_is_marked_and_a_holder_for_one_is_not(self, tmp_path: Path) -> None:
        rows = "g,Gift Card,,,,,true,,,,,,9,deny,25,,true,active\nh,Leather gift card holder,,,,,true,,,,,,9,deny,25,,false,active\n"
        card, holder = products_of(list(read_feed(written(tmp_path, "p.csv", SHOPIFY + rows))))
        assert card.is_gift_card
        assert not holder.is_gift_card


def lines(*rows: object) -> str:
    return "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)


class TestJsonLines:
    def test_the_shared_schema_needs_only_id_and_title(self, tmp_path: Path) -> None:
        row = {"product_id": "1", "title": "Gray wool scarf", "price_usd": None, "color": None, "attributes": None}
        (product,) = products_of(list(read_feed(written(tmp_path, "f.jsonl", lines(row)))))
        assert (product.price, product.colors, product.material) == (None, ("gray",), ("wool",)), "the title says both"

    def test_what_a_text_denies_is_not_taken_as_said(self, tmp_path: Path) -> None:
        rows = [
            {"product_id": "1", "title": "Bag, not leather", "description": "It is not waterproof.", "color": None},
            {"product_id": "2", "title": "Black tea sampler", "color": None},
            {"product_id": "3", "title": "Orange phone case", "brand": "Orange", "color": None},
        ]
        bag, tea, case = products_of(list(read_feed(written(tmp_path, "f.jsonl", lines(*rows)))))
        assert (bag.material, bag.features, tea.colors, case.colors) == ((), (), (), ())

    def test_our_own_form_with_variants_is_taken_as_it_is(self, tmp_path: Path) -> None:
        product = Product.model_validate(
            {
                "product_id": "p",
                "title": "Boot",
                "price": {"amount": "90.00"},
                "variants": [{"variant_id": "v", "size": "9", "stock": 2}],
            }
        )
        (read,) = products_of(list(read_feed(written(tmp_path, "f.jsonl", product.model_dump_json() + "\n"))))
        assert read == product

    @pytest.mark.parametrize(
        ("row", "field"),
        [
            ("{broken", "line"),
            ("[1, 2]", "line"),
            ({"title": "No id"}, "product_id"),
            ({"product_id": "1", "title": " "}, "title"),
            ({"product_id": "1", "title": "X", "price_usd": "abc"}, "price_usd"),
            ({"product_id": "1", "title": "X", "price_usd": -5}, "price_usd"),
            ({"product_id": "1", "title": "X", "color": None, "description": "x" * 5_000_000}, "description"),
            ({"product_id": "1", "title": "X\0Y"}, "title"),
            ({"product_id": "1", "title": "X", "color": None, "rating": 7}, "rating"),
            ({"product_id": "1", "title": "X", "color": None, "attributes": "{"}, "attributes"),
            ({"product_id": "1", "title": "X", "stock": "many"}, "stock"),
        ],
    )
    def test_a_bad_row_is_named_by_its_field_and_its_neighbours_go_in(self, tmp_path: Path, row: object, field: str) -> None:
        good = [{"product_id": f"ok{i}", "title": "Fine", "color": None} for i in (1, 2)]
        read = list(read_feed(written(tmp_path, "f.jsonl", lines(good[0], row, good[1]))))
        assert [p.product_id for p in products_of(read)] == ["ok1", "ok2"]
        (rejection,) = rejections_of(read)
        assert (rejection.line, rejection.field) == (2, field)
        assert rejection.reason
        assert len(rejection.value) <= 200

    def test_a_line_of_many_megabytes_is_skipped_without_reading_it_whole(self, tmp_path: Path) -> None:
        huge = '{"product_id": "1", "title": "' + "x" * 9_000_000 + '"}'
        read = list(
            read_feed(written(tmp_path, "f.jsonl", lines({"product_id": "0", "title": "A"}, huge, {"product_id": "2", "title": "B"})))
        )
        assert [p.product_id for p in products_of(read)] == ["0", "2"]
        assert rejections_of(read)[0].line == 2


class TestParquet:
    def test_rows_come_in_with_their_attributes_as_words(self, tmp_path: Path) -> None:
        table = pa.table({
            "product_id": ["1", "2"], "title": ["Jeans", "Bad"], "description": [None, None],
            "category_path": ["Apparel > Jeans", None], "price_usd": [49.5, 0.0],
            "attributes": ['{"weight": 1.5, "current_stock": 4, "options": {"size": ["S", "M"]}}', None],
        })  # fmt: skip
        pq.write_table(table, tmp_path / "c.parquet")
        read = list(read_feed(tmp_path / "c.parquet"))
        (jeans,) = products_of(read)
        assert (jeans.stock, jeans.sizes, jeans.attributes) == (4, ("S", "M"), {"weight": "1.5"})
        assert rejections_of(read)[0].field == "price_usd", "a price of zero sells for nothing"

    def test_a_missing_column_refuses_the_file(self, tmp_path: Path) -> None:
        pq.write_table(pa.table({"product_id": ["1"]}), tmp_path / "c.parquet")
        with pytest.raises(BadFeed, match="'title'"):
            list(read_feed(tmp_path / "c.parquet"))

    def test_a_truncated_file_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(BadFeed, match="Parquet"):
            list(read_feed(written(tmp_path, "c.parquet", b"PAR1" + b"\0" * 100)))

    def test_the_public_shop_catalogue_comes_in_whole(self) -> None:
        file = Settings().data_dir / "shopfront_catalog" / "catalog.parquet"
        if not file.exists():
            pytest.skip(f"no public data under {file.parent.parent} (AISLE_DATA_DIR)")
        read = list(read_feed(file))
        assert (len(products_of(read)), rejections_of(read)) == (14_712, [])


class TestDetection:
    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            ("id\ttitle\n", "merchant_tsv"),
            ("\ufeff<?xml version='1.0'?><rss/>", "merchant_xml"),
            ("Handle,Title\n", "shopify_csv"),
            ('{"product_id": "1"}\n', "json_lines"),
        ],
    )
    def test_the_content_says_the_format_whatever_the_name(self, tmp_path: Path, content: str, expected: str) -> None:
        assert feed_format(written(tmp_path, "feed.dat", content)) == expected

    def test_an_unknown_format_is_refused_with_what_was_found(self, tmp_path: Path) -> None:
        with pytest.raises(BadFeed, match="hello"):
            feed_format(written(tmp_path, "feed.txt", "hello, world\n"))

    def test_a_file_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(BadFeed, match=r"nowhere\.csv"):
            feed_format(tmp_path / "nowhere.csv")


def test_an_absurd_figure_rejects_its_row_and_the_rest_goes_in(tmp_path: Path) -> None:
    rows = [
        {"product_id": "a", "title": "t", "price_usd": 1e30},
        {"product_id": "b", "title": "t", "price": {"amount": "1e30", "currency": "USD"}},
        {"product_id": "c", "title": "t", "price_usd": 5, "attributes": {"stock": 1e11}},
        {"product_id": "d", "title": "t", "stock": 10**11},
        {"product_id": "e", "title": "t", "rating": 1e308},
        {"product_id": "g", "title": "t", "price_usd": 999_999_999},
    ]
    read = list(read_feed(written(tmp_path, "feed.jsonl", "\n".join(map(json.dumps, rows)))))
    assert [p.product_id for p in products_of(read)] == ["g"]
    assert [r.field for r in rejections_of(read)] == ["price_usd", "price", "stock", "stock", "rating"]
    tsv = MERCHANT_TSV + tsv_row(id="a", title="t", price=f"1{'0' * 29} USD") + tsv_row(id="b", title="t", price="5 USD")
    assert [p.product_id for p in products_of(list(read_feed(written(tmp_path, "feed.tsv", tsv))))] == ["b"]


def test_an_empty_file_is_said_to_be_empty(tmp_path: Path) -> None:
    with pytest.raises(BadFeed, match=r"'feed.csv': the file is empty"):
        read_feed(written(tmp_path, "feed.csv", " \n"))


def test_a_long_value_is_shortened_in_the_reason(tmp_path: Path) -> None:
    row = json.dumps({"product_id": "a", "title": "t", "price_usd": "x" * 900})
    (rejection,) = rejections_of(list(read_feed(written(tmp_path, "feed.jsonl", row))))
    assert len(rejection.reason) < 200


def test_the_words_of_a_validator_stay_out_of_the_reason(tmp_path: Path) -> None:
    row = json.dumps({"product_id": "a", "title": "t", "price": {"amount": "five"}})
    (rejection,) = rejections_of(list(read_feed(written(tmp_path, "feed.jsonl", row))))
    assert rejection.reason == "price amount 'five' is no USD amount; write it like '49.99'"


def test_a_feed_that_is_not_there_is_named_before_anything_is_built(tmp_path: Path) -> None:
    with pytest.raises(BadFeed, match=r"missing\.csv' cannot be opened: No such file"):
        feed_hash(tmp_path / "missing.csv")
