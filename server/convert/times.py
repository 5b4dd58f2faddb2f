"""Instants between Python and protobuf."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp


def to_proto(value: datetime) -> Timestamp:
    """The instant as a Timestamp, to the microsecond."""
    stamp = Timestamp()
    stamp.FromDatetime(value)
    return stamp


def from_proto(value: Timestamp) -> datetime:
    """The Timestamp as an instant in UTC. Its range was validated."""
    return value.ToDatetime(tzinfo=UTC)
