"""Time zones by their IANA names."""

from functools import cache
from zoneinfo import available_timezones

from server.domain.errors import InvalidInput


def check_zone(name: str | None, field: str = "time_zone") -> None:
    """Raises InvalidInput, naming `field`, unless the name is None or an IANA time zone's."""
    if name is None:
        return
    if name not in known_zones():
        raise InvalidInput.of(field, "must be the name of an IANA time zone, e.g. Europe/Berlin")


@cache
def known_zones() -> frozenset[str]:
    """Every name that is taken: not `localtime`, which is the server's own, nor what only this machine's files have."""
    return frozenset(available_timezones() - {"localtime", "posixrules", "Factory"})
