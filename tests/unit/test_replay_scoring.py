"""How much evidence came back, and the figures of the labelled sets."""

from dataclasses import replace
from pathlib import Path

import pytest

from server.measuring import facts, moods
from server.measuring.errors import MeasuringError
from server.measuring.percentiles import median, percentile
from server.replaying.conversation import Question
from server.replaying.scoring import Asked, Returned, summary


def memory(*sources: str, content: str = "x" * 10) -> Returned:
    return Returned("mem_1", "episode", content, 0.5, sources)


def asked(evidence: tuple[str, ...], memories: list[Returned], category: int = 4) -> Asked:
    question = Question("?", "!", evidence, category)
    return Asked(question, {limit: tuple(memories[:limit]) for limit in (5, 10, 25)})


def test_recall_is_the_share_of_evidence_among_the_first_k() -> None:
    memories = [memory(f"D1:{n}") for n in range(1, 31)]
    one = asked(("D1:1", "D1:8", "D1:20", "D1:30"), memories)
    assert [one.recall(limit) for limit in (5, 10, 25)] == [0.25, 0.5, 0.75]


def test_a_memory_counts_for_at_most_two_source_turns() -> None:
    one = asked(("D1:3",), [memory("D1:1", "D1:2", "D1:3")])
    assert one.recall(10) == 0
    assert asked(("D1:2",), [memory("D1:1", "D1:2", "D1:3")]).recall(10) == 1


def test_figures_are_averages_over_questions_and_told_by_category() -> None:
    hit = asked(("D1:1",), [memory("D1:1"), memory("D1:2")], category=4)
    half = asked(("D1:1", "D2:2"), [memory("D1:1")], category=1)
    miss = asked(("D9:9",), [], category=1)
    told = summary([hit, half, miss])
    assert (told["questions"], told["recall@10"], told["hit@10"]) == (3, 0.5, 0.6667)
    by_category = told["by_category"]
    assert isinstance(by_category, dict)
    assert by_category["1"] == {
        "name": "multi-hop", "questions": 2, "recall@5": 0.25, "recall@10": 0.25, "recall@25": 0.25, "hit@10": 0.5,
    }  # fmt: skip
    assert told["mean_chars"] == 10.0


def test_what_comes_along_counts_for_the_characters_of_an_answer() -> None:
    told = summary([asked(("D1:1",), [replace(memory("D1:1", "D1:2"), beside="y" * 7)])])
    assert told["mean_chars"] == 17.0


def test_no_questions_give_zeros() -> None:
    assert summary([])["recall@10"] == 0


def test_a_percentile_is_a_measured_value() -> None:
    values = [float(n) for n in range(1, 101)]
    assert [percentile(values, p) for p in (50, 95, 99, 100)] == [50, 95, 99, 100]
    assert percentile([3.0], 95) == 3
    assert percentile([], 50) == 0
    assert (median([1, 2, 9]), median([1, 3]), median([])) == (2, 2, 0)


def test_macro_f1_weighs_moods_alike() -> None:
    scores = moods.scores(["happy", "happy", "sad", "angry"], ["happy", "sad", "sad", "bored"])
    assert {label: s["f1"] for label, s in scores.items()} == {"happy": 0.6667, "sad": 0.6667, "angry": 0.0}


def test_a_mood_file_with_an_unknown_label_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "moods.tsv"
    path.write_text("happy\tfine\nhungry\tvery\n")
    with pytest.raises(MeasuringError, match=r"moods\.tsv:2"):
        moods.read(path)


def test_a_value_is_recalled_by_one_memory_with_all_its_content_words() -> None:
    assert facts.holds_value(["Works from home as a nurse"], "work from a home") is False
    assert facts.holds_value(["Wants to work from home"], "work from home") is True
    assert facts.holds_value(["Has a dog", "Has a cat"], "dog and cat") is False
