"""Which memories a contact means who asks to forget: by words, by what they are about, and the turns that said so."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from Stemmer import Stemmer

from server.domain.extraction import lexicon
from server.domain.extraction.commands import FORGET_ALL, FORGET_LAST
from server.domain.extraction.english import opened
from server.domain.extraction.statements import statements
from server.domain.memory import Entity, Memory

_STEMMER: Final = Stemmer("english")
_WORD: Final = re.compile(r"[^\W_]+")
_LITTLE: Final = frozenset(
    """
    i me my mine we our a an the that this it is am are was were be been to of in on at for with from and
    or about you your have has had do did not any anymore ever thing things stuff all everything said
    told mentioned please no s m ve re know remember their they them them where who when how what which does now
    currently
    """.split()
)
_TOPICS: Final[dict[str, str]] = {
    "workplace": "job work employer workplace company career office",
    "occupation": "job work occupation profession career employment",
    "field": "job work profession career",
    "employment": "job work employment",
    "residence": "home live residence address reside city stay based",
    "whereabouts": "home live whereabouts location stay",
    "dwelling": "home live house",
    "household": "household live",
    "hometown": "hometown birthplace come origin born",
    "upbringing": "hometown grow grew born raised childhood",
    "allergy": "allergy allergies allergic",
    "health": "health illness condition disease diagnosis",
    "diet": "diet",
    "age": "age old",
    "birthday": "birthday born birth",
    "name": "name called",
    "relationship_status": "relationship marriage married single status divorce engagement",
    "partner": "partner relationship marriage",
    "belief": "religion belief faith",
    "school": "school study college university",
    "studies": "study studies school college university",
    "education": "education degree study studies school college university",
    "pet": "pet pets",
    "children": "kids children",
    "siblings": "siblings",
    "fear": "fear fears afraid scared phobia",
    "goal": "goal goals dream",
    "skill": "skill skills",
    "plan": "plan plans",
}
"""Words that ask for an attribute and may stand in none of its memories: "my job" is where and as what one works."""

_ASKED_IN_WORDS: Final = (
    (re.compile(r"\bdo for (?:a living|work)\b", re.IGNORECASE), "job"),
    (re.compile(r"\bwhere (?:I|we|my [\w ]+?) (?:am|is|are|come|comes) from\b", re.IGNORECASE), "hometown"),
    (re.compile(r"\bgrew up\b", re.IGNORECASE), "hometown"),
)
_I: Final = re.compile(r"\b(?:I|we)\b", re.IGNORECASE)
_CLAUSE: Final = re.compile(r"\s*(?:where|who|when|how|what|which)\b", re.IGNORECASE)


def forgotten(query: str, memories: Sequence[Memory], entities: Sequence[Entity] = ()) -> tuple[str, ...]:
    """The ids of the memories a forget query speaks of, of any type.

    A memory is meant when it holds every word of the query that means something, when the query states the very fact
    it holds, or when the query names what it is about ("my job", "where my sister lives"). With a fact go the episodes
    that say it, or its words would still be there. `FORGET_LAST` means all of the newest turn, `FORGET_ALL` every one.
    """
    if query == FORGET_ALL:
        return tuple(m.id for m in memories)
    if query == FORGET_LAST:
        # Not what was never said in a turn: that has a place before all turns.
        newest = max((_turn(m) for m in memories if m.sequence >= 0), default=None)
        return tuple(m.id for m in memories if m.sequence >= 0 and _turn(m) == newest)
    called = {e.id: " ".join((e.display_name, *e.aliases)) for e in entities}
    wanted, asked = _stems(query), _stems(_in_topics(query))
    mine = {i: _about(m, called) for i, m in enumerate(memories)}
    stated = {
        (s.subject, s.attribute, s.value.lower()) for s in statements(query if _has_self(query) else f"I have {query}")
    }
    found = set()
    for i, memory in enumerate(memories):
        same = memory.value is not None and (memory.subject, memory.attribute, memory.value.lower()) in stated
        if same or _asked_for(asked, memory, mine[i]):
            found.add(memory.id)
    if not _CLAUSE.match(query) or (not found and len(wanted) > 1):
        # "Where I work" names an attribute; its words are those of many an episode that has nothing to do with it.
        found |= {m.id for i, m in enumerate(memories) if wanted and wanted <= mine[i]}
    facts = [m for m in memories if m.id in found and m.type != "episode"]
    found |= _saying(facts, [(m, mine[i]) for i, m in enumerate(memories) if m.type == "episode"])
    return tuple(m.id for m in memories if m.id in found)


def _turn(memory: Memory) -> int:
    # Two places a turn: the contact's message, then the answer.
    return memory.sequence // 2


def _in_topics(query: str) -> str:
    for pattern, topic in _ASKED_IN_WORDS:
        query = pattern.sub(topic, query)
    return query


def _asked_for(asked: frozenset[str], memory: Memory, mine: frozenset[str]) -> bool:
    """Whether a query speaks of a memory's attribute, and of whose it is: one's own, where it names nobody."""
    topics = _topics(memory.attribute or "")
    if not asked & topics:
        return False
    whose = asked - topics
    return whose <= mine if whose else memory.subject in (None, "self")


@cache
def _topics(attribute: str) -> frozenset[str]:
    said = _TOPICS.get(attribute.removeprefix("former_").removeprefix("not_").removeprefix("no_"), "")
    return frozenset(_STEMMER.stemWords(said.split()))


def _about(memory: Memory, called: dict[str, str]) -> frozenset[str]:
    """Stems of all that says what a memory is about; a puppy is a dog as well."""
    named = " ".join(f"{i.split(':', 1)[1].replace('-', ' ')} {called.get(i, '')}" for i in memory.entity_ids)
    subject = "" if memory.subject in (None, "self") else memory.subject
    about = f"{memory.content} {memory.attribute or ''} {named} {subject}".replace("_", " ")
    kinds = [lexicon.PET_KINDS[w] for w in _WORD.findall(about.lower()) if w in lexicon.PET_KINDS]
    return _stems(f"{about} {' '.join(kinds)}")


def _saying(facts: Sequence[Memory], episodes: Sequence[tuple[Memory, frozenset[str]]]) -> set[str]:
    """The episodes that say what is to go: of the turns it was drawn from, and others that state the same."""
    found = set()
    for fact in facts:
        value = _stems(fact.value or "") or _stems(fact.content)
        found |= {
            episode.id
            for episode, said in episodes
            if episode.id not in found
            and (_of_one_turn(fact, episode, value & said) or _states(episode, fact, value, said))
        }
    return found


def _of_one_turn(fact: Memory, episode: Memory, shared: frozenset[str]) -> bool:
    """Whether an episode is what a fact was drawn from, or an answer that speaks of it."""
    if fact.sequence >= 0 and _turn(fact) == _turn(episode):
        return episode.speaker != "assistant" or bool(shared)
    return bool(shared) and not set(fact.sources).isdisjoint(episode.sources)


def _states(episode: Memory, fact: Memory, value: frozenset[str], said: frozenset[str]) -> bool:
    if episode.speaker == "assistant" or not value <= said:
        return False
    whose = (fact.subject or "self", fact.attribute)
    if whose[0] == "self" and _I.search(episode.content) and _stems(fact.content) <= said:
        return True
    return any((s.subject, s.attribute) == whose and _stems(s.value) == value for s in statements(episode.content))


def _stems(text: str) -> frozenset[str]:
    return frozenset(_STEMMER.stemWords([w for w in _WORD.findall(opened(text).lower()) if w not in _LITTLE]))


def _has_self(query: str) -> bool:
    return re.search(r"\b(?:I|my|we|our)\b", opened(query)) is not None
