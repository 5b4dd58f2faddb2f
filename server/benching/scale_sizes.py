"""The two tenants that `kith bench scale` compares: of one shape, the one many times the other's size."""

from dataclasses import dataclass
from typing import Final

from server.measuring.errors import MeasuringError

PATTERNS: Final = 997
"""So many different histories there are; contacts share them in turn. A prime, so that no stride meets a few only."""

_BUSY_SHARE: Final = 0.1
_EDGES_OF_AN_EVENT: Final = 10
_EVENTS_OF_A_USER: Final = 50
_EDGES_OF_AN_ARTIFACT: Final = 20


@dataclass(frozen=True, slots=True)
class Size:
    """How much one tenant holds.

    One contact, the busy one, has a tenth of all interactions and what the others leave over; the others have the same
    number each. `edges` hang on a tenth as many events, and lead to a twentieth as many artifacts.
    """

    tenant_id: str
    interactions: int
    contacts: int
    edges: int

    @property
    def each(self) -> int:
        """Interactions of each contact but the busy one."""
        return max(1, round(self.interactions * (1 - _BUSY_SHARE)) // (self.contacts - 1))

    @property
    def of_busy(self) -> int:
        """Interactions of the busy contact."""
        return self.interactions - self.each * (self.contacts - 1)

    @property
    def patterns(self) -> int:
        """Different histories of the contacts but the busy one."""
        return min(PATTERNS, self.contacts - 1)

    @property
    def events(self) -> int:
        """Nodes that edges hang on."""
        return -(-self.edges // _EDGES_OF_AN_EVENT)

    @property
    def users(self) -> int:
        """Users who started the events."""
        return -(-self.events // _EVENTS_OF_A_USER)

    @property
    def artifacts(self) -> int:
        """Nodes that edges lead to."""
        return -(-self.edges // _EDGES_OF_AN_ARTIFACT)

    def contact_id(self, number: int) -> str:
        """The id of a contact; 0 is the busy one."""
        return f"ct_scale_{number}"

    def event_of(self, edge: int) -> int:
        """The event that an edge hangs on, from 0."""
        return edge // _EDGES_OF_AN_EVENT

    def user_of(self, event: int) -> int:
        """Who started an event, from 0."""
        return event % self.users

    def artifact_of(self, edge: int) -> int:
        """The artifact that an edge leads to, from 0: few are met often, most seldom; the first ones are hubs."""
        drawn = edge * 7919 % 100_003
        return drawn * drawn * self.artifacts // 10_000_600_009


@dataclass(frozen=True, slots=True)
class Sizes:
    """The pair."""

    small: Size
    large: Size

    @classmethod
    def of(cls, interactions: int, contacts: int, edges: int, small: int) -> "Sizes":
        """The large one as asked for, and the small one with `small` interactions and as much less of all else.

        Raises MeasuringError where the sizes leave a contact without interactions.
        """
        if small > interactions:
            raise MeasuringError(f"The small size ({small}) is above the large one ({interactions}).")
        if not 2 <= contacts <= interactions * 9 // 10:
            raise MeasuringError("There must be at least 2 contacts, and more interactions than contacts.")

        def less(count: int) -> int:
            return max(2, count * small // interactions)

        return cls(
            Size("bench-scale-small", small, less(contacts), less(edges)),
            Size("bench-scale-large", interactions, contacts, edges),
        )
