"""Touchpoints with a contact: what is told of one, and what may be told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from server.domain import metadata
from server.domain.errors import FieldViolation, InvalidInput
from server.domain.turn import AHEAD, EARLIEST


@dataclass(frozen=True, slots=True)
class NewInteraction:
    """A touchpoint as a caller tells of it; words and lengths are validated by the contract.

    Without `occurred_at` it happened now. `external_id` is the caller's own id of it.
    """

    contact_id: str
    kind: str
    content: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    occurred_at: datetime | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class InteractionChange:
    """What is to change of a touchpoint; None leaves it. `content` is emptied by an empty text.

    `metadata` is merged key by key, see `metadata.merged`.
    """

    kind: str | None = None
    content: str | None = None
    metadata: Mapping[str, Any] | None = None
    occurred_at: datetime | None = None


def check(given: Mapping[str, Any] | None, occurred_at: datetime | None, now: datetime, path: str = "") -> None:
    """Holds metadata to its limits and the time to between 1970 and five minutes ahead, where they are given.

    `path` goes before the fields' names. Raises InvalidInput that names each field that is wrong.
    """
    wrong: list[FieldViolation] = []
    if given is not None:
        try:
            metadata.check(f"{path}metadata", given)
        except InvalidInput as error:
            wrong += error.violations
    if occurred_at is not None and not EARLIEST <= occurred_at <= now + AHEAD:
        wrong.append(FieldViolation(f"{path}occurred_at", "must be between 1970 and 5 minutes from now"))
    if wrong:
        raise InvalidInput(wrong)
