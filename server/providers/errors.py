"""Every way in which a provider can fail.

    ProviderError            `retry_after` says when it is worth trying again, where anybody knows
    ├── Unreachable          no connection, or it broke
    ├── TimedOut             nothing, or not everything, came in time
    ├── Throttled            429: the provider wants fewer calls
    ├── ServerFailed         5xx
    ├── Refused              any other status: the key, the model or the request is wrong
    ├── BadAnswer            not what was asked for: malformed, of another shape, too large
    ├── AddressRefused       the URL leads to an address that this deployment does not let tenants call
    ├── CircuitOpen          it failed so often that it is left alone for a while
    ├── OverBudget           the tenant's budget of the day is used up
    └── NoQuorum             too few members of a council answered

Messages name the kind of failure and a status; never a URL, a key or what was sent.
"""


class ProviderError(Exception):
    """The parent of everything that providers raise. `retry_after` is in seconds."""

    outcome = "failed"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unreachable(ProviderError):
    """No connection, or it broke."""

    outcome = "unreachable"


class TimedOut(ProviderError):
    """Not everything came in time."""

    outcome = "timed_out"


class Throttled(ProviderError):
    """The provider wants fewer calls."""

    outcome = "throttled"


class ServerFailed(ProviderError):
    """The provider says that it failed."""

    outcome = "server_failed"


class Refused(ProviderError):
    """The provider does not take the request; the same again would not help."""

    outcome = "refused"


class BadAnswer(ProviderError):
    """The answer is not what was asked for."""

    outcome = "bad_answer"


class AddressRefused(ProviderError):
    """The URL leads where tenants' URLs may not."""

    outcome = "address_refused"


class CircuitOpen(ProviderError):
    """The provider is left alone for a while."""

    outcome = "circuit_open"


class OverBudget(ProviderError):
    """The tenant's budget of the day is used up; `retry_after` is the time to the next day."""

    outcome = "over_budget"


class NoQuorum(ProviderError):
    """Too few members of a council answered."""

    outcome = "no_quorum"


_OF_THE_REQUEST = ("400", "413", "422")


def about_the_request(error: ProviderError) -> bool:
    """Whether it is this very request that a provider cannot take or answer, so that a smaller one may do."""
    return isinstance(error, BadAnswer) or (isinstance(error, Refused) and str(error) in _OF_THE_REQUEST)


TRANSIENT = (Unreachable, TimedOut, Throttled, ServerFailed)
"""What is worth trying again at once."""
