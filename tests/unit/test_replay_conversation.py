"""Conversation files, and how they become exchanges."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.measuring.errors import MeasuringError
from server.replaying.conversation import Conversation, load, normalised_evidence, sample
from server.replaying.exchanges import end_of, exchanges

KNOWN = frozenset({"D1:1", "D8:6", "D9:17", "D11:2"})


def document(turns: list[tuple[str, str]], **changes: object) -> dict[str, object]:
    """A conversation of one session between Ada and Bo."""
    said = [{"dia_id": f"D1:{n}", "speaker": who, "text": what} for n, (who, what) in enumerate(turns, 1)]
    session = {"session": 1, "date_time": "1:56 pm on 8 May, 2023", "turns": said}
    return {"speaker_a": "Ada", "speaker_b": "Bo", "sessions": [session], "qa": [], **changes}


def loaded(tmp_path: Path, content: dict[str, object]) -> Conversation:
    path = tmp_path / "talk.json"
    path.write_text(json.dumps(content))
    return load(path)


def pairs(conversation: Conversation) -> list[tuple[str | None, str | None]]:
    return [
        (e.message.text if e.message else None, e.answer.text if e.answer else None) for e in exchanges(conversation)
    ]


def test_a_message_and_the_answer_right_after_it_are_one_exchange(tmp_path: Path) -> None:
    talk = loaded(tmp_path, document([("Ada", "hi"), ("Bo", "hello"), ("Ada", "bye"), ("Bo", "see you")]))
    assert pairs(talk) == [("hi", "hello"), ("bye", "see you")]


def test_turns_without_a_partner_stand_alone(tmp_path: Path) -> None:
    turns = [("Bo", "anyone?"), ("Ada", "one"), ("Ada", "two"), ("Bo", "three"), ("Bo", "four"), ("Ada", "five")]
    talk = loaded(tmp_path, document(turns))
    assert pairs(talk) == [(None, "anyone?"), ("one", None), ("two", "three"), (None, "four"), ("five", None)]


def test_an_exchange_does_not_reach_into_the_next_session(tmp_path: Path) -> None:
    content = document([("Ada", "first")])
    later = {
        "session": 2,
        "date_time": "2023-05-09T08:00:00+02:00",
        "turns": [{"dia_id": "D2:1", "speaker": "Bo", "text": "second"}],
    }
    talk = loaded(tmp_path, {**content, "sessions": [*content["sessions"], later]})  # type: ignore[misc]
    assert pairs(talk) == [("first", None), (None, "second")]
    assert [e.session_id for e in exchanges(talk)] == ["1", "2"]
    assert talk.sessions[1].began_at == datetime(2023, 5, 9, 6, tzinfo=UTC)


def test_turns_are_half_a_minute_apart_and_the_end_lies_after_the_last(tmp_path: Path) -> None:
    talk = loaded(tmp_path, document([("Ada", "a"), ("Bo", "b"), ("Ada", "c")]))
    began = datetime(2023, 5, 8, 13, 56, tzinfo=UTC)
    assert [e.occurred_at for e in exchanges(talk)] == [began, began + timedelta(minutes=1)]
    assert end_of(talk) == began + timedelta(seconds=90)


def test_every_turn_is_sent_exactly_once_and_turn_ids_are_different() -> None:
    talk = sample()
    sent = [said.id for e in exchanges(talk) for said in (e.message, e.answer) if said]
    assert sent == [turn.id for session in talk.sessions for turn in session.turns]
    ids = [e.turn_id for e in exchanges(talk)]
    assert len(set(ids)) == len(ids)


def test_the_sample_has_questions_of_all_scored_categories_with_evidence() -> None:
    talk = sample()
    assert {q.category for q in talk.scored} == {1, 2, 3, 4}
    assert len(talk.scored) == len(talk.questions) >= 25
    assert len(talk.sessions) == 8


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (["D1:1"], ("D1:1",)),
        (["D8:6; D9:17"], ("D8:6", "D9:17")),
        (["D9:17 D8:6", "D8:6"], ("D9:17", "D8:6")),
        (["D:11:2"], ("D11:2",)),
        (["D08:06,D11:02"], ("D8:6", "D11:2")),
        (["D", "D99:1", 7], ()),
        ("D1:1", ("D1:1",)),
        (None, ()),
    ],
)
def test_evidence_is_read_in_all_its_forms(raw: object, wanted: tuple[str, ...]) -> None:
    assert normalised_evidence(raw, KNOWN) == wanted


def test_questions_without_findable_evidence_or_of_the_fifth_category_do_not_count(tmp_path: Path) -> None:
    def question(category: int, *evidence: str) -> dict[str, object]:
        return {"question": f"q{category}", "answer": 1, "evidence": list(evidence), "category": category}

    qa = [question(4, "D1:1"), question(5, "D1:1"), question(1), question(2, "D7:7")]
    talk = loaded(tmp_path, document([("Ada", "hi")], qa=qa))
    assert [q.text for q in talk.scored] == ["q4"]
    assert talk.scored[0].answer == "1"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"speaker_a": None}, "speaker_a"),
        ({"sessions": "none"}, "sessions"),
        ({"sessions": []}, "no turns"),
        ({"sessions": [{"session": 1, "date_time": "yesterday", "turns": []}]}, "sessions[0].date_time"),
        ({"speaker_b": "Cy"}, "sessions[0].turns[1] is said by 'Bo'"),
        ({"qa": [{"question": "?", "category": "four"}]}, "qa[0].category"),
    ],
)
def test_a_malformed_file_is_refused_with_the_place(tmp_path: Path, change: dict[str, object], place: str) -> None:
    with pytest.raises(MeasuringError) as caught:
        loaded(tmp_path, document([("Ada", "hi"), ("Bo", "hello")], **change))
    assert place in str(caught.value)


def test_a_file_that_is_absent_or_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    for name in ("absent.json", "broken.json"):
        with pytest.raises(MeasuringError, match=name):
            load(tmp_path / name)
