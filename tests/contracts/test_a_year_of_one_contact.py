"""A year in the life of Noor, told in chat: at every point the context says what a good friend would know, no more.

Each chapter is what she writes on a day (UTC; she lives by Berlin time), what a friend knows after it, and what a
friend would not say any more. Chapters are read right after they were told, and again when the year is over.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.running import RunningProduct


@dataclass(frozen=True)
class Chapter:
    """`knows` are facts word for word; `gone` are words that none of the facts holds; `later` is when it is read."""

    day: str
    says: tuple[str, ...]
    knows: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    later: timedelta = timedelta(hours=1)

    @property
    def read_at(self) -> datetime:
        return datetime.fromisoformat(f"{self.day}+00:00") + timedelta(minutes=len(self.says)) + self.later


YEAR = (
    Chapter(
        "2024-01-08T18:00",
        ("Hi! I'm Noor, I live in Berlin and I work as a nurse at the Charité.",),
        ("Is called Noor", "Lives in Berlin", "Works as a nurse", "Works at the Charité"),
    ),
    Chapter(
        "2024-01-09T18:00",
        ("My sister Leila lives in Oslo, she plays the cello.", "My birthday is on 12 May."),
        ("Has a sister named Leila", "Sister Leila lives in Oslo", "Lives in Berlin", "Birthday is 12 May"),
    ),
    Chapter("2024-01-15T20:00", ("I'm allergic to peanuts.",), ("Is allergic to peanuts",)),
    Chapter("2024-02-03T12:00", ("We adopted a kitten yesterday!",), ("Has a kitten",)),
    Chapter(
        "2024-02-05T12:00",
        ("My kitten is called Miso.", "Miso sleeps on my keyboard all day, what a life"),
        ("Has a kitten named Miso",),
    ),
    Chapter(
        "2024-02-12T20:00",
        ("I've met someone! My boyfriend is called Tom.", "If Tom lived closer I'd see him daily"),
        ("Has a boyfriend named Tom", "Lives in Berlin"),
    ),
    Chapter(
        "2024-02-22T20:00",
        ("I have a dentist appointment next Tuesday at 3pm.",),
        ("Has a dentist appointment on 27 February 2024 at 15:00",),
    ),
    Chapter(
        "2024-02-23T09:00",
        ("No, it's Thursday.",),
        ("Has a dentist appointment on 29 February 2024 at 15:00",),
        ("27 February",),
    ),
    Chapter("2024-03-04T09:00", ("Back at work, long shift today.",), (), ("dentist",)),
    Chapter(
        "2024-03-10T09:00",
        ("I love sushi.", "My favourite band is Radiohead.", "Do you think I should get a dog?"),
        ("Likes sushi", "Favorite band is Radiohead"),
        ("dog",),
    ),
    Chapter("2024-03-11T09:00", ("Actually, I meant Portishead.",), ("Favorite band is Portishead",), ("Radiohead",)),
    Chapter(
        "2024-04-02T09:00",
        ("I'm flying to Oslo on Saturday to see Leila.",),
        ("Plans to fly to Oslo on 6 April 2024", "Lives in Berlin"),
    ),
    Chapter("2024-04-09T09:00", ("Oslo was lovely, so much snow!",), ("Lives in Berlin",), ("Plans to fly",)),
    Chapter(
        "2024-04-20T21:00",
        ("I quit my job today.",),
        ("Left their job",),
        ("nurse", "Charité"),
    ),
    Chapter(
        "2024-05-02T09:00",
        ("I got a new job at Siemens as a data analyst!",),
        ("Works at Siemens", "Is a data analyst"),
        ("nurse", "Charité", "Left their job"),
    ),
    Chapter(
        "2024-05-20T09:00",
        ("Tom and I moved to Hamburg last week.",),
        ("Lives in Hamburg", "Has a boyfriend named Tom"),
        ("Berlin",),
    ),
    Chapter("2024-06-01T09:00", ("I don't like sushi anymore.",), ("Dislikes sushi",), ("Likes sushi",)),
    Chapter(
        "2024-06-10T09:00",
        ("I am seeing a therapist, but please forget that.", "The lake was warm enough to swim on Sunday"),
        (),
        ("therapist",),
    ),
    Chapter("2024-06-20T22:00", ("I have a secret tattoo of a heron.",), ("Has a secret tattoo of a heron",)),
    Chapter("2024-06-20T22:05", ("Please forget that.",), (), ("heron", "tattoo")),
    Chapter(
        "2024-07-15T23:00",
        ("Tom and I broke up last night.", 'He said "I live in Munich now" and left'),
        ("Is single after a break-up", "Lives in Hamburg"),
        ("boyfriend", "Munich"),
    ),
    Chapter(
        "2024-07-30T10:00",
        ("Remember that my flight to Lisbon leaves on Friday at noon.",),
        ("Flight to Lisbon leaves on 2 August 2024 at 12:00",),
    ),
    Chapter(
        "2024-08-10T10:00",
        ("I moved out of Hamburg. I live in Lisbon now!",),
        ("Lives in Lisbon",),
        ("Lives in Hamburg", "Flight"),
    ),
    Chapter(
        "2024-08-20T10:00",
        ("Leila moved to Bergen.", "She is a goldsmith, did I tell you?"),
        ("Sister Leila lives in Bergen", "Lives in Lisbon"),
        ("Oslo",),
    ),
    Chapter(
        "2024-09-02T10:00",
        ("Miso died yesterday.",),
        ("Kitten Miso died on 1 September 2024",),
        ("Has a kitten", "named Miso"),
    ),
    Chapter("2024-09-20T10:00", ("I'm vegetarian now.",), ("Is vegetarian", "Is allergic to peanuts")),
    Chapter(
        "2024-10-01T10:00",
        ("I work as a teacher now, at Escola Azul.",),
        ("Works as a teacher", "Works at Escola Azul"),
        ("Siemens", "analyst"),
    ),
    Chapter(
        "2024-10-20T10:00",
        ("My girlfriend is called Ines.", "Just kidding.", "Wish I had a boat"),
        ("Is single after a break-up",),
        ("Ines", "boat"),
    ),
    Chapter("2024-11-05T10:00", ("Forget everything about Tom.",), ("Works as a teacher",), ("Tom",)),
    Chapter(
        "2024-12-01T10:00",
        ("My new boyfriend is called Rui.",),
        ("Has a boyfriend named Rui",),
        ("single", "Tom"),
    ),
    Chapter(
        "2025-01-08T18:00",
        ("A year already, can you believe it?",),
        (
            "Is called Noor",
            "Lives in Lisbon",
            "Works as a teacher",
            "Works at Escola Azul",
            "Is vegetarian",
            "Is allergic to peanuts",
            "Birthday is 12 May",
            "Has a sister named Leila",
            "Sister Leila lives in Bergen",
            "Has a boyfriend named Rui",
            "Favorite band is Portishead",
            "Dislikes sushi",
        ),
        ("Lives in Berlin", "Lives in Hamburg", "nurse", "Siemens", "kitten named", "Tom", "Radiohead", "heron"),
    ),
)

FORGOTTEN = ("therapist", "heron", "Tom")


@dataclass
class Friend:
    """Noor's side of the product: what she says goes in, what a friend knows comes out."""

    rest: httpx.Client
    product: RunningProduct
    contact_id: str
    read_then: dict[str, dict[str, Any]] = field(default_factory=dict)

    def hears(self, chapter: Chapter) -> None:
        for minute, said in enumerate(chapter.says):
            at = datetime.fromisoformat(f"{chapter.day}+00:00") + timedelta(minutes=minute)
            answer = self.rest.post(
                "/contact-intel/ingest",
                json={"contact_id": self.contact_id, "user_message": said, "occurred_at": at.isoformat()},
                headers=self.product.key,
            )
            assert answer.status_code == 202, answer.text

    def recalls(self, at: datetime) -> dict[str, Any]:
        answer = self.rest.get(
            f"/contact-intel/context/{self.contact_id}",
            params={"as_of": at.isoformat(), "memory_limit": 100, "min_importance": 0, "prompt_tokens": 2000},
            headers=self.product.key,
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def facts(context: dict[str, Any]) -> list[str]:
    return [m["content"] for m in context["memories"] if m["type"] in ("fact", "preference")]


def told_as_known(context: dict[str, Any]) -> str:
    """The part of the briefing that states facts; moments are quoted with their day and stay true."""
    return str(context["prompt"]).split("Moments that matter now:")[0]


@pytest.fixture(scope="module")
def friend(product: RunningProduct, rest: httpx.Client) -> Iterator[Friend]:
    """The whole year told, each chapter read just after it."""
    created = rest.post(
        "/contact-intel/contacts",
        json={"external_id": f"wa_{uuid.uuid4().hex}", "channel": "whatsapp", "time_zone": "Europe/Berlin"},
        headers=product.key,
    )
    assert created.status_code == 201, created.text
    listener = Friend(rest, product, str(created.json()["id"]))
    for chapter in YEAR:
        listener.hears(chapter)
        listener.read_then[chapter.day] = listener.recalls(chapter.read_at)
    yield listener


@pytest.mark.parametrize("chapter", YEAR, ids=lambda chapter: chapter.day)
def test_a_friend_knows_what_is_so(friend: Friend, chapter: Chapter) -> None:
    known = facts(friend.read_then[chapter.day])
    assert [fact for fact in chapter.knows if fact not in known] == [], known


@pytest.mark.parametrize("chapter", YEAR, ids=lambda chapter: chapter.day)
def test_a_friend_does_not_say_what_is_over(friend: Friend, chapter: Chapter) -> None:
    context = friend.read_then[chapter.day]
    said = "\n".join([*facts(context), told_as_known(context)])
    assert [words for words in chapter.gone if words in said] == []


@pytest.mark.parametrize("chapter", YEAR, ids=lambda chapter: chapter.day)
def test_the_briefing_says_what_matters_of_it(friend: Friend, chapter: Chapter) -> None:
    prompt = told_as_known(friend.read_then[chapter.day])
    assert [fact for fact in chapter.knows if f"- {fact}" not in prompt] == []


@pytest.mark.parametrize("chapter", YEAR, ids=lambda chapter: chapter.day)
def test_the_past_reads_the_same_when_the_year_is_over_but_for_what_was_forgotten(
    friend: Friend, chapter: Chapter
) -> None:
    then, now = set(facts(friend.read_then[chapter.day])), set(facts(friend.recalls(chapter.read_at)))
    assert now <= then
    assert all(any(word in fact for word in FORGOTTEN) for fact in then - now), then - now


@pytest.mark.parametrize("word", FORGOTTEN)
def test_what_was_forgotten_is_in_no_memory_of_any_day(friend: Friend, word: str) -> None:
    for chapter in YEAR:
        context = friend.recalls(chapter.read_at)
        assert not any(word in m["content"] for m in context["memories"]), chapter.day
        assert word not in context["prompt"]


def test_miso_is_one_pet_whatever_it_was_called(friend: Friend) -> None:
    memories = friend.recalls(YEAR[-1].read_at)["memories"]
    pets = {i for m in memories for i in m["entity_ids"] if i.startswith("pet:")}
    assert pets == {"pet:miso"}


def test_her_sister_and_her_boyfriend_are_people_and_the_cities_are_places(friend: Friend) -> None:
    memories = friend.recalls(YEAR[-1].read_at)["memories"]
    ids = {i for m in memories for i in m["entity_ids"]}
    assert {"person:leila", "person:rui", "place:lisbon", "place:bergen", "workplace:escola-azul"} <= ids
