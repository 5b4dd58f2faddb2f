"""Invented memories and messages to measure with, the same on every machine."""

import random
from dataclasses import asdict, dataclass
from typing import Final

_PEOPLE: Final = ("Noor", "Petra", "Jonas", "Amara", "Luis", "Hanne", "Yuki", "Tomasz", "Priya", "Owen")
_PLACES: Final = (
    "the harbour", "Lisbon", "the climbing hall", "Ghent",
    "the allotment", "Tromsø", "the night market", "Split",
)  # fmt: skip
_ACTIVITIES: Final = (
    "baking sourdough", "repairing an old bicycle", "learning the cello", "painting the kitchen",
    "training for a race", "restoring a wooden boat", "growing tomatoes", "writing a short story",
    "playing chess", "sorting family photographs",
)  # fmt: skip
_FEELINGS: Final = ("proud of", "worried about", "tired of", "excited about", "grateful for", "nervous about")
_WHEN: Final = ("yesterday", "last weekend", "on Friday", "this morning", "two weeks ago", "next month")
_TEMPLATES: Final = (
    ("episode", 0.45, "I went to {place} with {person} {when}, and we talked about {activity} for hours."),
    ("episode", 0.40, "{person} called me {when}; they are {feeling} {activity} and will be at {place}."),
    ("episode", 0.35, "I have been {feeling} {activity} ever since {person} came back from {place}."),
    ("fact", 0.70, "Is {activity} with {person}"),
    ("fact", 0.75, "Has known {person} since a summer in {place}"),
    ("preference", 0.60, "Likes {activity} at {place} more than anything else"),
)
_MESSAGES: Final = (
    "do you remember what {person} and I were doing at {place} {when}",
    "I am {feeling} {activity} again, what did {person} say about it {when}",
    "should I go back to {place} with {person}, or keep on {activity}",
)
_SEED: Final = 20_240_229


@dataclass(frozen=True, slots=True)
class SeedMemory:
    """A memory of the bank that contacts draw theirs from; `n` is its place there."""

    n: int
    type: str
    content: str
    importance: float


def memory_bank(size: int = 997) -> list[dict[str, object]]:
    """Different memories as rows. The size is a prime, so that any stride through it meets every one."""
    chance = random.Random(_SEED)  # noqa: S311 - the same texts every time are the point
    bank = []
    for n in range(size):
        kind, importance, template = _TEMPLATES[n % len(_TEMPLATES)]
        bank.append(asdict(SeedMemory(n, kind, _filled(template, chance), importance)))
    return bank


def messages(count: int) -> list[str]:
    """Messages of about twelve words, as contacts write them."""
    chance = random.Random(_SEED + 1)  # noqa: S311
    return [_filled(_MESSAGES[n % len(_MESSAGES)], chance) for n in range(count)]


def exchange_texts(count: int) -> list[tuple[str, str]]:
    """What a contact wrote and what was answered."""
    chance = random.Random(_SEED + 2)  # noqa: S311
    said = [template for kind, _, template in _TEMPLATES if kind == "episode"]
    return [
        (
            _filled(said[n % len(said)], chance),
            _filled("That sounds like a good day! How is {person} doing with {activity}?", chance),
        )
        for n in range(count)
    ]


def _filled(template: str, chance: random.Random) -> str:
    return template.format(
        person=chance.choice(_PEOPLE),
        place=chance.choice(_PLACES),
        activity=chance.choice(_ACTIVITIES),
        feeling=chance.choice(_FEELINGS),
        when=chance.choice(_WHEN),
    )
