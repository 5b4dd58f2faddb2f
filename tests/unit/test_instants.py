"""Instants between Python and protobuf."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from server.convert import times

ZONES = st.integers(min_value=-14 * 60, max_value=14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
SECONDS = st.floats(min_value=-62_135_424_000, max_value=253_402_128_000)


@given(SECONDS, ZONES)
def test_an_instant_is_the_timestamp_that_protobuf_makes_of_it(seconds: float, zone: timezone) -> None:
    instant = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).astimezone(zone)
    expected = Timestamp()
    expected.FromDatetime(instant)
    assert times.to_proto(instant) == expected
    assert times.from_proto(expected) == instant


def test_an_instant_without_a_zone_is_refused_rather_than_guessed() -> None:
    with pytest.raises(TypeError):
        times.to_proto(datetime(2026, 4, 15, 10, tzinfo=UTC).replace(tzinfo=None))
