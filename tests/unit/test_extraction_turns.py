"""One turn as a whole: episodes, commands, corrections, entities."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from server.domain.extraction import FORGET_ALL, FORGET_LAST, Extraction, Known, extract, forgotten, is_stop
from server.domain.extraction.gate import informative
from server.domain.memory import Entity, Memory
from server.domain.turn import Turn

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)


def said(
    message: str | None = None, reply: str | None = None, known: Known | None = None, language: str = "en"
) -> Extraction:
    turn = Turn(NOON, user_message=message, ai_response=reply, user_message_ref="m1", ai_response_ref="r1")
    return extract(turn, known or Known(), language)


def memory(content: str, attribute: str, value: str, sequence: int = 1, **other: object) -> Memory:
    made = Memory(
        id=f"mem-{sequence}-{value}",
        type="fact",
        content=content,
        importance=0.6,
        confidence=0.9,
        occurred_at=NOON,
        valid_from=NOON,
        created_at=NOON,
        subject="self",
        attribute=attribute,
        value=value,
        sequence=sequence,
    )
    return replace(made, **other)  # type: ignore[arg-type]


def test_both_halves_of_a_turn_become_episodes_with_their_own_source() -> None:
    found = said("We hiked up the volcano on Saturday", "What a climb, the crater must have been stunning")
    episodes = [(m.speaker, m.source_ref) for m in found.memories if m.type == "episode"]
    assert episodes == [("contact", "m1"), ("assistant", "r1")]


def test_facts_come_from_the_contact_only() -> None:
    found = said("Tell me about your hometown please", "I live in Berlin and I love sushi")
    assert [m for m in found.memories if m.type != "episode"] == []


@pytest.mark.parametrize(
    "text",
    [
        "hi",
        "Thanks!!",
        "ok cool",
        "😂😂",
        "How are you?",
        "lol yeah",
        "good morning",
        "hahaha",
        "",
        "What about you?",
        "bye, take care!",
    ],
)
def test_chatter_does_not_pass_the_gate(text: str) -> None:
    assert not informative(text)


@pytest.mark.parametrize(
    "text",
    [
        "Berlin",
        "pizza",
        "It was my grandmother's recipe",
        "Did you see the eclipse over Madrid?",
        "私は東京に住んでいます",
        "Vivo en Lima",
        "42",
    ],
)
def test_what_says_something_passes_the_gate(text: str) -> None:
    assert informative(text)


def test_a_long_message_is_cut_at_a_word() -> None:
    (found,) = [m for m in said("river stone " * 200).memories if m.type == "episode"]
    assert len(found.content) <= 1_000
    assert found.content.endswith("…")


def test_remember_that_makes_it_weigh() -> None:
    found = next(m for m in said("Please remember that I hate surprises").memories if m.type != "episode")
    assert found.content == "Dislikes surprises"
    assert found.importance > 0.9


def test_remember_keeps_what_no_rule_knows() -> None:
    found = next(m for m in said("Don't forget the plumber comes at 9am tomorrow").memories if m.type == "fact")
    assert found.content == "Plumber comes on 2 April 2026 at 09:00"
    assert found.event_start == datetime(2026, 4, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "message",
    [
        "Do you remember when we met?",
        "I'll never forget that day",
        "forget it",
        "I forgot my keys at the gym",
        "don't forget to laugh lol",
    ],
)
def test_talk_of_memory_is_not_a_forget_command(message: str) -> None:
    assert said(message).forget == ()


@pytest.mark.parametrize(
    ("message", "query"),
    [
        ("forget that", FORGET_LAST),
        ("Please forget what I just said", FORGET_LAST),
        ("Forget that I live in Berlin", "I live in Berlin"),
        ("can you forget about Anna?", "Anna"),
        ("Forget everything about me", FORGET_ALL),
        ("please delete everything you know about my ex", "my ex"),
    ],
)
def test_a_forget_command_gives_its_query_and_stores_nothing(message: str, query: str) -> None:
    found = said(message)
    assert found.forget == (query,)
    assert found.memories == ()


def test_a_query_finds_the_fact_and_every_episode_that_says_it() -> None:
    berlin = memory("Lives in Berlin", "residence", "Berlin", 1)
    episode = memory("I live in Berlin, near the zoo", "", "", 2, type="episode")
    other = memory("Likes Berlin techno", "likes", "Berlin techno", 3)
    assert set(forgotten("I live in Berlin", [berlin, episode, other])) == {berlin.id, episode.id}
    assert forgotten(FORGET_LAST, [berlin, other]) == (other.id,)
    assert len(forgotten(FORGET_ALL, [berlin, episode, other])) == 3
    assert forgotten("the of", [berlin]) == ()


@pytest.mark.parametrize(
    ("message", "language"),
    [
        ("STOP", "en"),
        (" stop. ", "en"),
        ("Unsubscribe", "fr"),
        ("Baja", "es"),
        ("abmelden!", "de-AT"),
        ("Please stop messaging me.", "en"),
        ("Don't text me anymore!", "en"),
        ("no more messages please", "de"),
    ],
)
def test_a_stop_word_alone_opts_out(message: str, language: str) -> None:
    assert is_stop(message, language)
    assert said(message, language=language).stop


@pytest.mark.parametrize(
    "message",
    ["stop it, you", "I had to stop at the shop", "baja", "", "tell him to stop texting me", "never text me that late"],
)
def test_a_stop_word_inside_a_message_does_not(message: str) -> None:
    assert not is_stop(message, "en")


def test_no_it_is_thursday_corrects_the_newest_fact_with_a_weekday() -> None:
    old = memory("Appointment is on Tuesday", "appointment", "on Tuesday")
    (found,) = [m for m in said("No, it's Thursday", known=Known(facts=(old,))).memories if m.type == "fact"]
    assert (found.content, found.attribute, found.value) == ("Appointment is on Thursday", "appointment", "on Thursday")


def test_not_this_but_that_corrects_the_fact_that_holds_it() -> None:
    old = memory("Lives in Berlin", "residence", "Berlin")
    (found,) = [m for m in said("not Berlin, Bremen", known=Known(facts=(old,))).memories if m.type == "fact"]
    assert found.content == "Lives in Bremen"


def test_my_dog_is_bruno_once_bruno_is_known() -> None:
    first = said("I have a golden retriever named Bruno")
    (pet,) = first.entities
    assert (pet.id, pet.display_name) == ("pet:bruno", "Bruno")
    assert "dog" in pet.aliases
    known = Known(entities=(Entity(pet.id, pet.type, pet.display_name, pet.aliases),))
    later = said("My dog chewed the sofa again, the whole corner is gone", known=known)
    assert later.memories[0].entity_ids == ("pet:bruno",)
    assert [m for m in later.memories if m.attribute == "pet"] == []


def test_places_workplaces_and_people_get_their_ids() -> None:
    found = said("I work at Infosys and I live in Berlin. My sister Anna visits often.")
    assert {e.id for e in found.entities} == {"workplace:infosys", "place:berlin", "person:anna"}


def test_every_entity_a_memory_names_is_known_or_new() -> None:
    known = Known(entities=(Entity("person:anna", "person", "Anna", ("sister",)),))
    found = said("I went to Lisbon with Peter and Anna", known=known)
    ids = {i for m in found.memories for i in m.entity_ids}
    assert ids == {"place:lisbon", "person:peter", "person:anna"}
    assert ids <= {e.id for e in found.entities} | {"person:anna"}


def test_facts_are_not_read_in_another_language() -> None:
    found = said("Me llamo Ana y vivo en Quito", language="es")
    assert [m.type for m in found.memories] == ["episode"]


def test_disclosures_count_what_was_told_of_oneself() -> None:
    assert said("I have diabetes and I live in Quito").disclosures == 2
    assert said("The weather was grey over the harbour").disclosures == 0


def test_the_event_of_a_fact_lies_in_the_contacts_own_day() -> None:
    turn = Turn(datetime(2026, 4, 1, 23, 30, tzinfo=UTC), user_message="I have a job interview tomorrow")
    found = extract(turn, Known(), "en", ZoneInfo("Asia/Tokyo"))
    # It is already 2 April in Tokyo, so tomorrow is the 3rd there.
    assert found.memories[0].event_start == datetime(2026, 4, 2, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("message", "language", "query"),
    [
        ("Vergiss das bitte", "de", FORGET_LAST),
        ("Bitte vergiss alles über mich", "de-AT", FORGET_ALL),
        ("Vergiss alles über Tom", "de", "Tom"),
        ("oublie ça", "fr", FORGET_LAST),
        ("Olvida que vivo en Lima", "es", "vivo en Lima"),
        ("dimentica tutto", "it", FORGET_ALL),
        ("Esquece isso, por favor", "pt-BR", FORGET_LAST),
        ("Vergeet dat ik in Utrecht woon", "nl", "ik in Utrecht woon"),
    ],
)
def test_forgetting_is_understood_in_the_contacts_language(message: str, language: str, query: str) -> None:
    found = said(message, language=language)
    assert found.forget == (query,)
    assert found.memories == ()


@pytest.mark.parametrize(
    ("message", "language", "kept"),
    [
        ("Merk dir, dass ich am Freitag operiert werde", "de", "Ich am Freitag operiert werde"),
        ("Recuerda que soy alérgica a las nueces", "es", "Soy alérgica a las nueces"),
        ("Onthoud dat mijn zus Anouk heet", "nl", "Mijn zus Anouk heet"),
    ],
)
def test_what_is_to_be_remembered_in_another_language_is_kept_in_its_words(
    message: str, language: str, kept: str
) -> None:
    (found,) = [m for m in said(message, language=language).memories if m.type == "fact"]
    assert (found.content, found.attribute) == (kept, "note")


def test_the_same_words_in_a_language_that_is_not_spoken_are_talk() -> None:
    assert said("Olvida que vivo en Lima", language="fr").forget == ()


def test_a_message_that_takes_itself_back_leaves_nothing() -> None:
    found = said("I am seeing a therapist, but please forget that.")
    assert (found.memories, found.forget) == ((), ())


def test_just_kidding_takes_back_what_was_said_just_before_it() -> None:
    mars = memory("Lives in Mars", "residence", "Mars")
    assert said("Just kidding!", known=Known(facts=(mars,), turns=1)).forget == (FORGET_LAST,)
    old = replace(mars, occurred_at=datetime(2026, 3, 1, tzinfo=UTC))
    assert said("Just kidding!", known=Known(facts=(old,), turns=1)).forget == ()


def test_a_plan_is_told_with_its_day_and_moves_with_a_correction() -> None:
    first = next(m for m in said("I have a dentist appointment next Tuesday at 3pm").memories if m.type == "fact")
    assert first.content == "Has a dentist appointment on 7 April 2026 at 15:00"
    known = memory(first.content, "plan", first.value or "", event_start=first.event_start, event_end=first.event_end)
    (moved,) = [m for m in said("No, it's Thursday", known=Known(facts=(known,))).memories if m.type == "fact"]
    assert moved.content == "Has a dentist appointment on 2 April 2026 at 15:00"


def test_somebody_known_is_meant_by_name_alone() -> None:
    leila = memory("Has a sister named Leila", "siblings", "Leila")
    found = said("Leila moved to Bergen", known=Known(facts=(leila,)))
    assert ("Sister Leila lives in Bergen", "sister:leila") in [(m.content, m.subject) for m in found.memories]
