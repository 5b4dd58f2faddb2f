"""Instants between Python and protobuf."""

from datetime import UTC, datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def to_proto(value: datetime) -> Timestamp:
    """The instant as a Timestamp, to the microsecond. Raises TypeError for one without a time zone."""
    # Not FromDatetime: it takes three times as long, and a context has an instant for each of its memories.
    since = value - _EPOCH
    return Timestamp(seconds=since.days * 86_400 + since.seconds, nanos=since.microseconds * 1_000)


def optional(value: datetime | None) -> Timestamp | None:
    """The same, where there is an instant."""
    return None if value is None else to_proto(value)


def from_proto(value: Timestamp) -> datetime:
    """The Timestamp as an instant in UTC. Its range was validated."""
    return value.ToDatetime(tzinfo=UTC)
