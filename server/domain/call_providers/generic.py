"""A phone system of one's own: the field names of the documented webhooks of calls, and what is wrong named by field.

Besides them it takes `event` (`started` or `completed`: the status where none is given), `timestamp` and `sequence`:
when, in the sender's own time and count, this was so. Who sends it can mend it, so unlike the others it is held to the
contract's limits; only a status that is not known is no error, and tells nothing.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar, cast

from server.domain import metadata
from server.domain.call_providers import values
from server.domain.calls import Direction, Sentiment, Status, Told
from server.domain.errors import FieldViolation, InvalidInput

T = TypeVar("T")

_STATUSES: Final[dict[str, Status]] = {
    "queued": "queued",
    "initiated": "queued",
    "ringing": "ringing",
    "answered": "in-progress",
    "in-progress": "in-progress",
    "completed": "completed",
    "missed": "missed",
    "busy": "missed",
    "no-answer": "missed",
    "failed": "failed",
}
_OF_EVENT: Final[dict[str, Status]] = {"started": "in-progress", "completed": "completed"}
_MOST_TOPICS: Final = 50
_ID: Final = re.compile(r"[A-Za-z0-9_:.-]{1,128}\Z")
_RFC_3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)\Z")
_DIRECTIONS: Final = ("inbound", "outbound")
_SENTIMENTS: Final = ("positive", "negative", "neutral")


def read(payload: Mapping[str, Any]) -> Told:
    """What the body tells. Raises InvalidInput that names every field that is wrong."""
    body = _Body(payload)
    direction = cast(Direction | None, body.take("direction", _one_of(_DIRECTIONS)))
    told = Told(
        provider="generic",
        call_sid=body.required("callSid", _text(values.LONGEST_ID)),
        at=body.take("timestamp", _instant),
        sequence=body.take("sequence", _whole),
        agent_id=body.take("agentId", _text(values.LONGEST_ID)),
        user_id=body.take("userId", _text(values.LONGEST_ID)),
        org_id=body.take("orgId", _text(values.LONGEST_ID)),
        direction=direction,
        contact_id=body.take("contactId", _id),
        caller_number=values.phone(body.take("callerNumber", _text(values.LONGEST_NUMBER))),
        caller_name=body.take("callerName", _text(values.LONGEST_NAME)),
        status=_status(body, direction),
        duration=body.take("duration", _number(values.MOST_SECONDS)),
        recording_url=body.take("recordingUrl", _url),
        transcript=body.take("transcript", _text(values.LONGEST_TRANSCRIPT)),
        sentiment=cast(Sentiment | None, body.take("sentiment", _one_of(_SENTIMENTS))),
        topics=body.take("topics", _topics) or (),
        summary=body.take("summary", _summary),
        collected_data=body.take("collectedData", _object) or {},
        cost=body.take("cost", _number(values.MOST_COST)),
        started_at=body.take("startedAt", _instant),
        ended_at=body.take("endedAt", _instant),
    )
    if body.wrong:
        raise InvalidInput(body.wrong)
    return told


def _status(body: "_Body", direction: Direction | None) -> Status | None:
    event = body.take("event", _one_of(tuple(_OF_EVENT)))
    given = body.take("status", _text(values.LONGEST_NAME))
    if given is None:
        return None if event is None else _OF_EVENT[event]
    if given in ("canceled", "cancelled"):
        return "failed" if direction == "outbound" else "missed"
    return _STATUSES.get(given)


class _Body:
    """Reads fields and notes what is wrong with them in `wrong`. Null is as not given."""

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self._payload = payload
        self.wrong: list[FieldViolation] = []

    def take(self, name: str, read: Callable[[Any], T | None]) -> T | None:
        """The field, read by a function that raises ValueError with what it must be."""
        value = self._payload.get(name)
        if value is None:
            return None
        try:
            return read(value)
        except ValueError as error:
            self.wrong.append(FieldViolation(name, str(error)))
            return None

    def required(self, name: str, read: Callable[[Any], str | None]) -> str:
        """The field, which must be there and not empty."""
        if self._payload.get(name) in (None, ""):
            self.wrong.append(FieldViolation(name, "is required"))
        return self.take(name, read) or ""


def _text(most_bytes: int) -> Callable[[Any], str | None]:
    def read(value: Any) -> str | None:
        if not isinstance(value, str):
            raise ValueError("must be a text")
        if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise ValueError("must not hold a NUL character or half of a surrogate pair")
        if len(value.encode()) > most_bytes:
            raise ValueError(f"must be at most {most_bytes} bytes")
        return value or None

    return read


def _summary(value: Any) -> str | None:
    read = _text(4 * values.LONGEST_SUMMARY)(value)
    if read is not None and len(read) > values.LONGEST_SUMMARY:
        raise ValueError(f"must be at most {values.LONGEST_SUMMARY} characters")
    return read


def _one_of(words: tuple[str, ...]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return str(value)

    return read


def _number(most: float) -> Callable[[Any], float]:
    def read(value: Any) -> float:
        number = None if isinstance(value, str) else values.number(value, most)
        if number is None:
            raise ValueError(f"must be a number from 0 to {most:.0f}")
        return number

    return read


def _whole(value: Any) -> int:
    number = None if isinstance(value, str) else values.whole(value)
    if number is None:
        raise ValueError("must be a whole number from 0")
    return number


def _instant(value: Any) -> datetime:
    # Without an offset nobody knows when it was.
    found = values.instant(value) if isinstance(value, str) and _RFC_3339.match(value) else None
    if found is None:
        raise ValueError("must be an RFC 3339 time, such as 2026-01-31T09:00:00Z")
    return found


def _url(value: Any) -> str:
    found = values.url(value)
    if found is None:
        raise ValueError(f"must be an address of http or https of at most {values.LONGEST_URL} bytes")
    return found


def _id(value: Any) -> str:
    if not isinstance(value, str) or not _ID.match(value):
        raise ValueError("must be 1 to 128 characters of A-Z a-z 0-9 _ - : .")
    return value


def _topics(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _MOST_TOPICS:
        raise ValueError(f"must be a list of at most {_MOST_TOPICS} texts")
    if any(not isinstance(topic, str) or values.text(topic, values.LONGEST_ID) != topic for topic in value):
        raise ValueError(f"must hold texts of 1 to {values.LONGEST_ID} bytes")
    return tuple(value)


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError("must be an object")
    try:
        metadata.check("collectedData", value)
    except InvalidInput as error:
        raise ValueError(error.violations[0].description) from error
    return dict(value)
