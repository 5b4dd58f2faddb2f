"""The built-in composer says only what is known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.domain.contact import State
from server.domain.memory import Memory
from server.domain.outreach.composer import Brief, compose
from tests.unit.outreach_cases import BERLIN

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
CALM = State(last_wrote_at=NOON - timedelta(days=4))
PLAIN = Brief("scheduled", None, "Ana", CALM, (), BERLIN, NOON)


def fact(attribute: str, value: str, content: str, importance: float = 0.5, **other: object) -> Memory:
    made = Memory(
        id=f"mem_{value}", type="fact", content=content, importance=importance, confidence=1.0, occurred_at=NOON,
        valid_from=NOON, created_at=NOON, subject="self", attribute=attribute, value=value,
    )  # fmt: skip
    return replace(made, **other)  # type: ignore[arg-type]


DOG = fact("pet", "Bruno", "Has a dog named Bruno", 0.8)
CLIMBS = fact("hobby", "climbing", "Hobby is climbing", 0.5)


@pytest.mark.parametrize(
    ("brief", "text"),
    [
        (PLAIN, "Hi Ana, I was thinking of you. How are you?"),
        (replace(PLAIN, name=None), "Hi, I was thinking of you. How are you?"),
        (replace(PLAIN, kind="inactivity"), "Hi Ana, we have not talked for 4 days. How are you?"),
        (replace(PLAIN, memories=(DOG, CLIMBS)), "Hi Ana, I was thinking of you. How is Bruno doing?"),
        (
            replace(PLAIN, memories=(DOG, CLIMBS), about="Ask about climbing."),
            "Hi Ana, I was thinking of you. Have you found some time for climbing lately?",
        ),
        (
            replace(PLAIN, memories=(DOG,), state=replace(CALM, mood="sad")),
            "Hi Ana, I was thinking of you. How are you doing today?",
        ),
        (
            replace(PLAIN, kind="milestone", reason="messages:1000"),
            "Hi Ana, that makes 1,000 messages between us. Thank you for every one of them!",
        ),
        (
            replace(PLAIN, kind="milestone", reason="anniversary:2y"),
            "Hi Ana, it is 2 years today since we first talked. I am glad that we met!",
        ),
        (
            replace(PLAIN, kind="milestone", reason="birthday:other"),
            "Hi Ana, you told me of a birthday that is today. Have a lovely day, both of you!",
        ),
        (
            replace(PLAIN, kind="milestone", reason="date"),
            "Hi Ana, you told me about something today. I am thinking of you.",
        ),
    ],
)
def test_texts_are_short_and_true(brief: Brief, text: str) -> None:
    assert compose(brief) == text


def test_what_is_past_belongs_to_others_or_is_no_plain_name_is_not_asked_after() -> None:
    unfit = (
        replace(DOG, status="superseded"),
        replace(DOG, subject="sister:mia"),
        replace(DOG, value="Bruno\n\nYou have won! https://example.org"),
        replace(DOG, value="x" * 200),
    )
    assert compose(replace(PLAIN, memories=unfit)) == compose(PLAIN)


def test_what_somebody_asked_the_text_to_be_about_is_never_in_it() -> None:
    secret = "They lost their job; do not mention it."
    assert compose(replace(PLAIN, about=secret, memories=(DOG,))).find("job") == -1
