"""What phone systems post about calls, in our own words: pure mapping, one module for each phone system."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from server.domain.call_providers import generic, retell, twilio, vapi, vonage
from server.domain.calls import Told

_READERS: Final[dict[str, Callable[[Mapping[str, Any]], Told | None]]] = {
    "twilio": twilio.read,
    "vonage": vonage.read,
    "retell": retell.read,
    "vapi": vapi.read,
    "generic": generic.read,
}

PROVIDERS: Final = tuple(_READERS)
"""The phone systems that are understood."""


def read(provider: str, payload: Mapping[str, Any]) -> Told | None:
    """What a webhook tells of a call; None where it tells of something else. Raises InvalidInput."""
    return _READERS[provider](payload)
