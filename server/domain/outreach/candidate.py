"""A message that silence, a milestone or recurrence makes due, before anything was stored."""

from dataclasses import dataclass
from datetime import datetime

from server.domain.outreach.words import TriggerType


@dataclass(frozen=True, slots=True)
class Candidate:
    """One message to one contact that is due at `at` (UTC).

    `occasion` is the same whenever this message is found again and is never used for another one of the contact: stored
    once for all time, it makes the message fire once. `reason` says what made it due, as the contract shows it
    (`silent_days:5`). `expire_on_reply` says whether it loses its sense when the contact writes first. `memory_ids` are
    what it is about, where it comes from memories.
    """

    kind: TriggerType
    occasion: str
    at: datetime
    reason: str
    expire_on_reply: bool
    memory_ids: tuple[str, ...] = ()
