"""Three models, each wrong somewhere: what most of them say is better than any of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from server.providers.council import Council
from server.providers.errors import BadAnswer, NoQuorum, OverBudget, ProviderError, Refused, Throttled, TimedOut
from server.providers.ports import Completion, Item, Question, Usage
from tests.providers.conftest import question, statement

TEXTS = (
    "I moved to Porto", "My brother is called Sami", "I work as a baker", "I am allergic to peanuts",
    "My cat is Nina", "I love rowing",
)  # fmt: skip
TRUTH = [
    statement(turn=1, value="Porto", content="Lives in Porto"),
    statement(turn=2, subject="brother", attribute="people", value="Sami", content="Brother is called Sami"),
    statement(turn=3, attribute="occupation", value="baker", content="Works as a baker"),
    statement(turn=4, attribute="allergy", value="peanuts", content="Is allergic to peanuts"),
    statement(turn=5, attribute="pet", value="Nina", content="Has a cat named Nina"),
    statement(turn=6, type="preference", attribute="likes", value="rowing", content="Loves rowing"),
]


@dataclass
class Scripted:
    """Answers what it is told to, or fails."""

    name: str
    items: Sequence[dict[str, Any]] = ()
    error: Exception | None = None

    async def complete_json(self, question: Question[Item]) -> Completion[Item]:
        if self.error is not None:
            raise self.error
        return Completion(tuple(question.item.model_validate(i) for i in self.items), Usage(10, 5))


def without(turn: int, *instead: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for item in TRUTH if item["turn"] != turn] + list(instead)


MEMBERS = [
    Scripted("misses-one", without(4, statement(turn=1, attribute="workplace", value="Porto", content="At Porto"))),
    Scripted("mixes-up", without(2, statement(turn=2, attribute="name", value="Sami", content="Is called Sami"))),
    Scripted("exaggerates", without(6, statement(turn=6, attribute="occupation", value="rowing", content="Rows"))),
]


def score(items: Sequence[Any]) -> float:
    """F1 against the truth."""
    said = {(i.turn, i.subject, i.attribute, i.value) for i in items}
    true = {(t["turn"], t["subject"], t["attribute"], t["value"]) for t in TRUTH}
    return 2 * len(said & true) / (len(said) + len(true))


async def test_a_council_is_better_than_each_of_its_members() -> None:
    asked = question(*TEXTS)
    alone = [score((await member.complete_json(asked)).items) for member in MEMBERS]
    together = await Council(MEMBERS).complete_json(asked)
    assert max(alone) < 1.0
    assert score(together.items) == 1.0
    assert together.usage == Usage(30, 15)


async def test_the_wording_most_like_the_others_is_taken() -> None:
    wordings = ["Resides in the city of Porto", "Lives in Porto", "Lives in Porto now"]
    members = [Scripted(str(n), [statement(content=text)]) for n, text in enumerate(wordings)]
    answer = await Council(members).complete_json(question("I live in Porto now"))
    assert [item.content for item in answer.items] == ["Lives in Porto"]


async def test_the_same_value_in_other_words_is_the_same_vote() -> None:
    values = ["a golden retriever", "Golden Retriever", "golden retrievers"]
    members = [Scripted(v, [statement(attribute="pet", value=v, content=f"Has {v}")]) for v in values]
    assert len((await Council(members).complete_json(question("x"))).items) == 1


async def test_saying_it_twice_is_one_vote() -> None:
    members = [Scripted("loud", [statement(), statement()]), Scripted("other"), Scripted("third")]
    assert (await Council(members).complete_json(question("x"))).items == ()


async def test_members_that_fail_have_no_vote_and_two_must_agree() -> None:
    members = [Scripted("a", [statement()]), Scripted("b", [statement()]), Scripted("c", error=TimedOut("slow"))]
    assert len((await Council(members).complete_json(question("x"))).items) == 1
    members[1] = Scripted("b", [statement(value="Lisbon")])
    assert (await Council(members).complete_json(question("x"))).items == ()


async def test_one_voice_is_no_council() -> None:
    members = [
        Scripted("a", [statement()]), Scripted("b", error=Throttled("429", retry_after=40)),
        Scripted("c", error=TimedOut("slow")),
    ]  # fmt: skip
    with pytest.raises(NoQuorum) as caught:
        await Council(members).complete_json(question("x"))
    assert caught.value.retry_after == 40
    assert isinstance(caught.value, ProviderError)
    with pytest.raises(ValueError, match="quorum"):
        Council(members[:1])


async def test_a_council_without_budget_waits_for_the_next_day_and_not_for_a_quorum() -> None:
    members = [Scripted("a", [statement()]), Scripted("b", error=OverBudget("day", retry_after=5_000))]
    with pytest.raises(OverBudget) as caught:
        await Council(members).complete_json(question("x"))
    assert caught.value.retry_after == 5_000


async def test_a_request_that_no_member_can_take_is_named_so() -> None:
    members = [Scripted("a", [statement()]), Scripted("b", error=Refused("400")), Scripted("c", error=BadAnswer("cut"))]
    with pytest.raises(Refused):
        await Council(members).complete_json(question("x"))


async def test_a_fault_of_our_own_is_not_taken_for_a_vote() -> None:
    with pytest.raises(ZeroDivisionError):
        await Council([MEMBERS[0], Scripted("b", error=ZeroDivisionError())]).complete_json(question("x"))
