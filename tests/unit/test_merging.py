"""What becomes of two contacts that are one person, and of each again."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from server.domain.contact import State
from server.domain.memory import Memory
from server.domain.merging import (
    COMBINE,
    gaps_of,
    profile_apart,
    profile_of,
    state_apart,
    state_of,
    superseded,
    taken_apart,
    three_way,
)
from server.domain.outreach.merging import MERGED, Planned, settled
from server.domain.relationship import stage_of, trust_level

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
instants = st.integers(0, 10**7).map(lambda s: NOW + timedelta(seconds=s))
counts = st.integers(0, 500)


@st.composite
def sessions(draw: st.DrawFn) -> dict[str, object]:
    began = draw(instants)
    last = began + timedelta(seconds=draw(st.integers(0, 10**6)))
    return {
        "session_id": "s", "started_at": began.isoformat(), "last_turn_at": last.isoformat(),
        "turns": draw(st.integers(1, 500)),
    }  # fmt: skip


@given(sessions(), sessions())
def test_rows_made_one_and_taken_apart_are_as_they_were(kept: dict[str, object], other: dict[str, object]) -> None:
    made = COMBINE["sessions"](kept, other)
    assert made["turns"] == kept["turns"] + other["turns"]  # type: ignore[operator]
    assert taken_apart("sessions", kept, other, made, dict(made)) == (kept, other)
    assert taken_apart("sessions", None, other, other, dict(other)) == (None, other)
    assert taken_apart("sessions", kept, other, made, None) == (None, None)


@given(sessions(), sessions(), st.integers(1, 50))
def test_turns_of_after_the_merge_stay_with_the_kept_contact(
    kept: dict[str, object], other: dict[str, object], since: int
) -> None:
    made = COMBINE["sessions"](kept, other)
    ours, theirs = taken_apart("sessions", kept, other, made, {**made, "turns": made["turns"] + since})
    assert (ours or {})["turns"] == kept["turns"] + since  # type: ignore[operator]
    assert theirs == other
    alone, theirs = taken_apart("sessions", None, other, other, {**other, "turns": other["turns"] + since})  # type: ignore[operator]
    assert (alone or {})["turns"] == since
    assert theirs == other


words = st.lists(st.sampled_from("abcdef"), unique=True, max_size=6)


@given(words, words, words, words)
def test_a_list_keeps_what_was_added_since_and_loses_what_was_taken_away(
    before: list[str], other: list[str], added: list[str], taken: list[str]
) -> None:
    made = list(dict.fromkeys([*before, *other]))
    now = [w for w in dict.fromkeys([*made, *added]) if w not in taken]
    found = three_way(before, made, now)
    assert set(found) == ({*before} | ({*now} - {*made})) - ({*made} - {*now})
    assert len(found) == len(set(found))


def profile(**changes: object) -> dict[str, object]:
    return {
        "display_name": None, "title": None, "time_zone": None, "tags": [], "attributes": {}, "outreach_consent": None,
        **changes,
    }  # fmt: skip


def test_the_other_fills_gaps_and_the_kept_ones_words_win() -> None:
    kept = profile(display_name="Noor", tags=["b"], attributes={"plan": "pro"})
    other = profile(display_name="N.", title="Nurse", tags=["a", "b"], attributes={"plan": "free", "size": 3})
    made = profile_of(kept, other)
    assert made == profile(
        display_name="Noor", title="Nurse", tags=["a", "b"], attributes={"plan": "pro", "size": 3}
    )  # fmt: skip
    assert profile_apart(kept, made, made) == kept
    now = {**made, "tags": ["b", "c"], "attributes": {"plan": "max", "size": 3}, "title": "Head nurse"}
    assert profile_apart(kept, made, now) == profile(
        display_name="Noor", title="Head nurse", tags=["b", "c"], attributes={"plan": "max"}
    )  # fmt: skip


@given(st.sampled_from([None, True, False]), st.sampled_from([None, True, False]))
def test_a_refusal_of_messages_holds(one: bool | None, other: bool | None) -> None:
    made = profile_of(profile(outreach_consent=one), profile(outreach_consent=other))["outreach_consent"]
    assert made is (False if False in (one, other) else True if True in (one, other) else None)


@st.composite
def states(draw: st.DrawFn) -> State:
    sessions, days = draw(st.integers(1, 60)), draw(st.integers(1, 60))
    last = draw(instants)
    state = State(
        mood=draw(st.sampled_from(["happy", "sad"])),
        total_messages=draw(st.integers(1, 900)),
        total_sessions=sessions,
        active_days=days,
        disclosures=draw(counts),
        stage=stage_of(sessions, days),
        last_active_at=last,
        first_active_at=last - timedelta(days=draw(st.integers(0, 90))),
        last_wrote_at=last,
    )
    return replace(state, trust=trust_level(state))


@given(states(), states())
def test_both_together_are_as_often_as_each_and_feel_as_the_one_who_spoke_last(kept: State, other: State) -> None:
    made = state_of(kept, other, shared=(0, 0), days=[date(2026, 3, 2)], spans=[])
    assert made.total_messages == kept.total_messages + other.total_messages
    assert made.mood == (other if other.last_active_at > kept.last_active_at else kept).mood  # type: ignore[operator]
    assert made.stage == stage_of(made.total_sessions, made.active_days)
    assert made.trust == trust_level(made)
    assert state_apart(kept, made, made, new=(0, 0), days=[], spans=[]) == kept
    assert state_apart(kept, made, replace(made, churn_risk=0.5), new=(0, 0), days=[], spans=[]) == kept
    more = replace(made, total_messages=made.total_messages + 2, disclosures=made.disclosures + 1)
    apart = state_apart(kept, made, more, new=(1, 1), days=[date(2026, 3, 2)], spans=[])
    assert apart.total_messages == kept.total_messages + 2
    assert apart.disclosures == kept.disclosures + 1
    assert (apart.total_sessions, apart.active_days) == (kept.total_sessions + 1, kept.active_days + 1)


def test_a_contact_that_never_spoke_changes_nothing_of_the_state() -> None:
    spoke = State(total_messages=3, last_active_at=NOW)
    assert state_of(spoke, State(), shared=(0, 0), days=[], spans=[]) == spoke
    assert state_of(State(), spoke, shared=(0, 0), days=[], spans=[]) == spoke


@given(st.lists(st.tuples(instants, st.integers(0, 10**5)), max_size=40))
def test_gaps_are_never_negative_and_at_most_twenty(drawn: list[tuple[datetime, int]]) -> None:
    spans = [(began, began + timedelta(seconds=length)) for began, length in drawn]
    gaps = gaps_of(spans)
    assert len(gaps) <= 20
    assert all(gap > 0 for gap in gaps)


def lives_in(where: str, day: int, memory_id: str, **changes: object) -> Memory:
    at = NOW + timedelta(days=day)
    said = Memory(
        memory_id, "fact", f"Lives in {where}", 0.8, 0.9, at, at, at, attribute="residence", value=where, subject="self"
    )
    return replace(said, **changes)  # type: ignore[arg-type]


def test_of_what_there_is_one_at_a_time_the_newer_holds_whosever_it_was() -> None:
    old, new = lives_in("Berlin", 0, "a"), lives_in("Oslo", 5, "b")
    for ended in (superseded([old], [new]), superseded([new], [old])):
        assert ended == {"a": replace(old, status="superseded", valid_to=new.valid_from, superseded_by="b")}


def test_what_both_said_in_the_same_words_is_known_once() -> None:
    one, other = lives_in("Oslo", 0, "a", attribute="likes"), lives_in("Oslo", 5, "b", attribute="likes")
    assert superseded([one], [other]).keys() == {"a"}
    assert superseded([one, other], []) == {}
    assert superseded([one], [lives_in("Rome", 5, "b", attribute="likes")]) == {}


def test_of_the_same_age_what_the_kept_contact_said_holds() -> None:
    assert superseded([lives_in("Berlin", 0, "a")], [lives_in("Oslo", 0, "b")]).keys() == {"b"}


def test_of_two_messages_for_one_thing_the_others_is_cancelled() -> None:
    ours, theirs = Planned("a", "pending", "birthday:1", None), Planned("b", "pending", "birthday:1", None)
    cancelled = {"status": "cancelled", "failure": MERGED, "claimed_until": None}
    assert settled([ours], [theirs]) == {"b": {"occasion": None, **cancelled}}
    gone = replace(theirs, status="sent")
    assert settled([ours], [gone]) == {"b": {"occasion": None}, "a": cancelled}
    keyed = [Planned("a", "held", None, "k"), Planned("b", "pending", None, "k")]
    assert settled(keyed[:1], keyed[1:]) == {"b": cancelled}
    assert settled([Planned("a", "sent", None, "k")], keyed[1:]) == {}


def test_of_two_messages_that_may_have_left_both_stay_and_one_loses_its_key() -> None:
    both = [Planned(i, "claimed", None, "k", in_doubt=True) for i in "ab"]
    assert settled(both[:1], both[1:]) == {"b": {"dedupe_key": None}}
