"""What can go wrong that a caller may have to answer?

AisleError
├── BadInput            the caller's fault: names the field, the value and the fix       -> 422
│   └── BadFeed         a feed that cannot be read at all
├── Unauthorised        no or a bad token                                               -> 401
├── Forbidden           the wrong kind of key                                           -> 403
├── NotFound            not there, or another's                                         -> 404
├── Conflict            a running turn, a reused id, a changed proposal, a wrong state  -> 409
├── TooLarge            a body or message over its limit                                -> 413
├── TooMany             over a rate limit                                               -> 429
├── NotBuilt            in the contract, but not built yet                              -> 501
├── Unavailable         a dependency is down                                            -> 503
│   ├── ModelUnavailable    a model is down, over its deadline, or its breaker is open
│   └── IndexUnavailable    the search index is missing, locked or broken
├── BadModelOutput      a model answered, but not in its format
└── StartupError        the process cannot start; the message is one line with the fix
"""


class AisleError(Exception):
    """Base of all errors that Aisle raises on purpose; ``str(error)`` is fit for a shopper or an operator."""


class BadInput(AisleError):
    """A value from outside that cannot be accepted; names the field, quotes the value, says the fix."""

    def __init__(self, message: str, *, field: str = "", value: object = None) -> None:
        super().__init__(message)
        self.field = field
        self.value = value


class BadFeed(BadInput):
    """A feed that cannot be read at all, as opposed to one with some bad rows."""


class Unauthorised(AisleError):
    """No token, or one that is forged or expired."""


class Forbidden(AisleError):
    """A key of the wrong kind for this route."""


class NotFound(AisleError):
    """Not there, or another's: the two are not told apart."""


class Conflict(AisleError):
    """The state forbids it; ``retry_after_s`` is set when waiting helps."""

    def __init__(self, message: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TooLarge(AisleError):
    """A body over its limit."""


class TooMany(AisleError):
    """Over a rate limit; ``retry_after_s`` says when to come back."""

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NotBuilt(AisleError):
    """In the contract, but not built yet."""


class Unavailable(AisleError):
    """A dependency is down; trying again later may help."""

    def __init__(self, message: str, *, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ModelUnavailable(Unavailable):
    """A model is down, over its deadline, or its circuit breaker is open."""


class IndexUnavailable(Unavailable):
    """The search index is missing, locked or broken."""


class BadModelOutput(AisleError):
    """A model answered, but not in its format: prose, half an object, a category of 500 characters."""


class StartupError(AisleError):
    """The process cannot start; the message is one line that names the fix. Exit code 1."""
