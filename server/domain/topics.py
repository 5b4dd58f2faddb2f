"""What a contact keeps coming back to: entities and things that it speaks of in several conversations."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

from server.domain.memory import Entity, Memory
from server.domain.patterns import WINDOW, Pattern
from server.domain.text import STOP_WORDS, stem

SESSIONS: Final = 3
SHARE: Final = 0.1
"""A topic recurs where at least three sessions speak of it, and at least a tenth of all."""

_MOST: Final = 5
_IMPORTANCE: Final = 0.5
_SUREST: Final = 0.95

_NAMED: Final = re.compile(
    r"\b(my|our|the|an?)\s+(?:(?:own|whole|new|old|next|last|first|little)\s+)?([a-z]{4,})\b(?=(?:\s+([a-z']+))?)",
    re.IGNORECASE,
)
"""A determiner, a noun, and the word behind it, if there is one without a mark between."""

_GENERIC: Final = frozenset(
    stem(word)
    for word in """
    ability advice afternoon amount answer anything attention back balance beauty beginning belief best better
    blast bond bunch care case challenge chance change choice comfort confidence connection couple courage
    creativity day deal decision determination difference dream edge effort encouragement end energy evening
    everything experience eyes face fact fault favorite favourite fear feedback feel focus freedom friend future
    goal good great growth guess guidance guys habit hand happiness head heart help hope hour idea impact
    inspiration interest issue journey kick kind laugh life light line list long look lot love luck memories
    message middle mind minute moment month mood more morning most motivation name need news next nice night
    nothing number one only opportunity option other pain part passion past path patience peace people perfect
    person perspective pick place plan pleasure point power pressure pride problem process progress purpose
    question quick real reality reason relief rest result right role rush safe same second self sense share side
    sign situation skills something soul space spirit start state step story strength stress struggle stuff
    success such support sure surprise take talk thing thought time tips today tomorrow tonight tool top total
    touch trick truth try turn type understanding values very view voice wait way week weekend while whole wish
    wonder word world worries worst year yesterday
    """.split()
)
"""Stems of nouns (and of what stands where a noun would) that tell nothing of what a conversation is about."""


def topics(memories: Sequence[Memory], entities: Sequence[Entity], language: str = "en") -> list[Pattern]:
    """The topics that recur, the most frequent first, at most five: "Often talks about Bruno".

    Counted in the sessions of the last half year before the newest one. An entity counts where a current memory of the
    session mentions it; another noun where the contact named it with an article or as its own ("my garden"), which is
    looked for in English only.
    """
    current = [m for m in memories if m.status == "current" and m.session_id is not None and m.type != "pattern"]
    newest = max((m.occurred_at for m in current), default=None)
    if newest is None:
        return []
    counted = [m for m in current if newest - m.occurred_at <= WINDOW]
    sessions = len({m.session_id for m in counted})
    least = max(SESSIONS, SHARE * sessions)
    found = _entities(counted, entities)
    if language.split("-", maxsplit=1)[0].lower() == "en":
        named = {stem(word) for entity in entities for name in (entity.display_name, *entity.aliases)
                 for word in name.lower().split()}  # fmt: skip
        found += [topic for topic in _nouns(counted) if topic[1] not in named]
    ranked = sorted((topic for topic in found if topic[0] >= least), key=lambda topic: (-topic[0], topic[1]))
    return [
        Pattern(
            f"topic_{key}", said, f"Often talks about {said}", min(_SUREST, count / sessions), _IMPORTANCE, entity_ids
        )
        for count, key, said, entity_ids in ranked[:_MOST]
    ]


_Topic = tuple[int, str, str, tuple[str, ...]]
"""In how many sessions, a key, how it is said, and the entities it is."""


def _entities(memories: Sequence[Memory], entities: Sequence[Entity]) -> list[_Topic]:
    sessions: defaultdict[str, set[str | None]] = defaultdict(set)
    for memory in memories:
        for entity_id in memory.entity_ids:
            sessions[entity_id].add(memory.session_id)
    return [
        (len(sessions[e.id]), re.sub(r"\W+", "_", e.id), e.display_name, (e.id,)) for e in entities if e.id in sessions
    ]


def _nouns(memories: Sequence[Memory]) -> list[_Topic]:
    sessions: defaultdict[str, set[str | None]] = defaultdict(set)
    forms: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for memory in memories:
        if memory.type != "episode" or memory.speaker != "contact":
            continue
        for determiner, noun, behind in _NAMED.findall(memory.content):
            word = noun.lower()
            # Before another word that tells something it may as well be an adjective.
            key = stem(word)
            if key in _GENERIC or word in STOP_WORDS or (behind and behind.lower() not in STOP_WORDS):
                continue
            sessions[key].add(memory.session_id)
            forms[key][f"{'their' if determiner.lower() in ('my', 'our') else 'the'} {word}"] += 1
    return [(len(where), key, _commonest(forms[key]), ()) for key, where in sessions.items()]


def _commonest(forms: Counter[str]) -> str:
    return min(forms, key=lambda form: (-forms[form], form))
