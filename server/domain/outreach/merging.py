"""Messages of two contacts that are one person: of two for the same thing only one goes out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

MERGED: Final = "contact_merged"
"""The failure of a message that was cancelled because the same person has another for the same thing."""

_OPEN: Final = ("pending", "held", "claimed")
_GOES: Final = ("claimed", "sent")


@dataclass(frozen=True, slots=True)
class Planned:
    """A trigger; `in_doubt` where nobody knows whether a provider has it."""

    trigger_id: str
    status: str
    occasion: str | None
    dedupe_key: str | None
    in_doubt: bool = False

    @property
    def can_stop(self) -> bool:
        """Whether it is certain that it has not left."""
        return self.status in ("pending", "held") or (self.status == "claimed" and not self.in_doubt)


def settled(kept: Sequence[Planned], other: Sequence[Planned]) -> dict[str, dict[str, Any]]:
    """The columns of triggers to change, by id, so that no occasion and no open dedupe key comes twice.

    The other's message is cancelled; where it has left or may have, the one of the contact that stays. A record that
    must stay, but cannot under a name that is taken, loses the name.
    """
    changes: dict[str, dict[str, Any]] = {}
    occasions = {t.occasion: t for t in kept if t.occasion is not None}
    for theirs in other:
        ours = occasions.get(theirs.occasion) if theirs.occasion is not None else None
        if ours is not None:
            changes[theirs.trigger_id] = {"occasion": None}
            _stop_one(changes, ours, theirs)
    keys = {t.dedupe_key: t for t in kept if t.dedupe_key is not None and _open(changes, t)}
    for theirs in other:
        ours = keys.get(theirs.dedupe_key) if theirs.dedupe_key is not None else None
        if ours is None or not _open(changes, theirs) or not _open(changes, ours):
            continue
        _stop_one(changes, ours, theirs)
        if _open(changes, theirs) and _open(changes, ours):
            changes.setdefault(theirs.trigger_id, {})["dedupe_key"] = None
    return changes


def _open(changes: Mapping[str, Mapping[str, Any]], one: Planned) -> bool:
    return changes.get(one.trigger_id, {}).get("status", one.status) in _OPEN


def _stop_one(changes: dict[str, dict[str, Any]], ours: Planned, theirs: Planned) -> None:
    stop = theirs if theirs.can_stop else ours if ours.can_stop and theirs.status in _GOES else None
    if stop is not None:
        changes.setdefault(stop.trigger_id, {}).update(status="cancelled", failure=MERGED, claimed_until=None)
