"""What is open with a contact, and that a snapshot keeps it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.domain import snapshot_bytes
from server.domain.contact import Profile, State
from server.domain.open_threads import Call, Touchpoint, open_at, open_threads
from server.domain.snapshot import ContactSnapshot

NOW = datetime(2031, 5, 8, 15, tzinfo=UTC)
MISSED = Call(NOW - timedelta(days=2), "inbound", "missed", None)


def touchpoint(days_ago: float, kind: str = "meeting", **said: Any) -> Touchpoint:
    told = {name: said.get(name) for name in ("direction", "outcome", "next_action", "next_step", "next_steps")}
    return Touchpoint(NOW - timedelta(days=days_ago), kind, **told)


def abouts(*touchpoints: Touchpoint) -> list[str | None]:
    return [thread.about for thread in open_threads(touchpoints, [])]


def test_next_steps_are_open_until_the_next_touchpoint_that_is_no_note() -> None:
    agreed = touchpoint(3, next_steps=["Send the draft", "Book a room"])
    assert abouts(agreed) == ["Send the draft", "Book a room"]
    assert abouts(touchpoint(1, "note", next_step="Ring back"), agreed) == [
        "Ring back", "Send the draft", "Book a room",
    ]  # fmt: skip
    assert abouts(touchpoint(1, "email"), agreed) == []
    assert abouts(touchpoint(1, "call", outcome="follow_up_scheduled"), agreed) == [None]


@pytest.mark.parametrize("value", [7, True, {"a": "b"}, [], [1, None], "", "   "])
def test_what_is_no_text_is_no_next_step(value: object) -> None:
    assert abouts(touchpoint(1, next_step=value)) == []


def test_a_missed_call_is_open_until_somebody_reached_the_contact() -> None:
    assert [t.kind for t in open_threads([], [MISSED])] == ["missed_call"]
    assert open_threads([], [MISSED, replace(MISSED, started_at=NOW, direction="outbound", status="completed")]) == ()
    assert open_threads([touchpoint(1, "message", direction="outbound")], [MISSED]) == ()
    assert len(open_threads([touchpoint(1, "message", direction="inbound")], [MISSED])) == 1
    assert len(open_threads([touchpoint(3, "call")], [MISSED])) == 1


def test_the_newest_five_of_30_days_are_told() -> None:
    threads = open_threads([touchpoint(1, next_steps=[f"Step {n}" for n in range(9)])], [MISSED])
    assert len(threads) == 5
    assert open_at(threads, NOW + timedelta(days=30)) == []
    assert open_at(threads, NOW - timedelta(days=10)) == []


def test_a_snapshot_brings_calls_threads_and_touches_along() -> None:
    profile = Profile("con_1", "ten_1", "x1", "crm", NOW)
    threads = open_threads([touchpoint(1, next_step="Ring back")], [MISSED])
    state = State(touches=(1.5, 30.0, 7.0))
    made = ContactSnapshot.build(3, "UTC", profile, state, [], [], calls=[MISSED], threads=threads)
    read = snapshot_bytes.load(snapshot_bytes.dump(made))
    assert read is not None
    assert (read.last_call, read.threads, read.state) == (MISSED, threads, state)
