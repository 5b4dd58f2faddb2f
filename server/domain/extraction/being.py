"""What "I am …" says: a name, an age, a job, a faith, looks. Most of what people are at the moment is not kept."""

import re
from typing import Final

from server.domain.extraction import lexicon
from server.domain.extraction.english import bare, phrase, turned
from server.domain.extraction.names import AMBIGUOUS, FIRST_NAMES
from server.domain.extraction.statement import Statement
from server.domain.extraction.verbs import verb_of

_AGE: Final = re.compile(
    r"^(?:only |almost |about |turning |already |a )?(?P<age>\d{1,3})(?: |-)?(?:years?(?: "
    r"|-)?old|yo\b|yrs?\b)|^(?P<bare>[1-9]\d)$",
    re.IGNORECASE,
)
_HEIGHT: Final = re.compile(
    r"^(?P<v>(?:only |over |under |almost |about |around |nearly )?(?:\d+|five|six|seven|four)[ '-](?:feet|"
    r"foot|ft|'|cm|\d|meters?).*)",
    re.IGNORECASE,
)
_MEASURE: Final = re.compile(r"\b(?:feet|foot|ft|cm|meters?|metres?)\b|'", re.IGNORECASE)
_CALLED: Final = re.compile(
    r"^(?:an? [\w ]{2,30} )?(?:called|named|known as) (?P<name>[\w'-]+(?: [A-Z][\w'-]+)?)", re.IGNORECASE
)
_NAMED_AFTER: Final = re.compile(r"\b(?:named|called) (?P<name>[\w'-]+)", re.IGNORECASE)
_FROM_CLASS: Final[tuple[tuple[frozenset[str], str, float], ...]] = (
    (lexicon.STATUS, "relationship_status", 0.85),
    (lexicon.DIETS, "diet", 0.75),
    (lexicon.HEALTH, "health", 0.75),
    (lexicon.RELIGIONS, "belief", 0.65),
    (lexicon.LOOKS, "appearance", 0.5),
    (lexicon.OCCUPATIONS, "occupation", 0.8),
    (lexicon.KINDS, "trait", 0.6),
)
_QUALIFIER: Final = re.compile(
    r"^(?:a|an|the|very|much too|much|completely|extremely|totally|rather|quite|way too|way|legally|partially|too|"
    r"fairly|somewhat|"
    r"naturally|incredibly|terribly|slightly|under|over|even|really|so|pretty|quite|super|also|still|just|now|happily|currently|"
    r"recently|only|too|kind of|kinda|such|actually|in fact|already|newly|one|"
    r"little|bit|tad|bit of an?|strict|total|huge|big|proud|devout)\s+",
    re.IGNORECASE,
)
_INDEFINITE: Final = re.compile(r"an?\s", re.IGNORECASE)
_ROLE_END: Final = re.compile(r"(?:er|or|ist|ian|ant|ent|eur|man|woman|ess|yst|eer)$")
_NOT_A_ROLE: Final = frozenset(
    "person super ever over other another under after never later better together parent "
    "different excellent recent fan lover".split()
)


def being(match: re.Match[str], negated: bool) -> list[Statement]:
    """Statements from the complement of "am"."""
    rest = match["x"]
    age = _AGE.match(rest)
    if age and not negated:
        years = age["age"] or age["bare"]
        made = [Statement(f"Is {years} years old", "age", years, weight=0.7, confidence=0.9)]
        after = re.match(r"\s*(?P<x>\w[\w -]+)", rest[age.end() :])
        if called := _CALLED.match(rest[age.end() :].lstrip(" ,")) or _NAMED_AFTER.search(rest[age.end() :]):
            made.append(_name(called["name"]))
        elif after and after["x"].split()[0].lower() not in ("and", "or", "so", "in"):
            made += _is_a(phrase(after["x"], 5), False)
        return made
    height = _HEIGHT.match(rest)
    if height and not negated:
        value = re.sub(
            r"^(?:only|over|under|almost|about|around|nearly) ", "", phrase(height["v"], 6), flags=re.IGNORECASE
        )
        tall = value if "tall" in value.lower() or not _MEASURE.search(value) else f"{value} tall"
        return [Statement(f"Is {tall}", "appearance", tall, weight=0.5)] if value else []
    called = _CALLED.match(rest)
    if called and not negated:
        return [_name(called["name"])]
    what = phrase(rest, 9)
    if not what:
        return []
    return _is_a(what, negated)


def _name(name: str) -> Statement:
    title = name[:1].upper() + name[1:]
    return Statement(f"Is called {title}", "name", title, weight=0.9, confidence=0.9)


def _is_a(what: str, negated: bool) -> list[Statement]:
    core = what
    while (shorter := _QUALIFIER.sub("", core)) != core:
        core = shorter
    words = [w.lower().strip(",.") for w in core.split()]
    if not words:
        return []
    for kinds, attribute, weight in _FROM_CLASS:
        hit = next((w for w in words[:4] if w in kinds), None)
        if hit is None:
            continue
        if words[0] in lexicon.PASSING and hit != words[0] and not _INDEFINITE.match(what):
            return []
        return [_kind(what, core, words, hit, attribute, weight, negated)]
    if words[:2] != ["full", "time"] and (words[0] in lexicon.PASSING or words[0].endswith("ing")):
        return []
    if what[:2].lower() in ("a ", "an") or what.lower().startswith(("the ", "one ")):
        if negated:
            return [Statement(f"Is not {turned(what)}", "not", turned(core), weight=0.35, confidence=0.6)]
        attribute = "occupation" if _ROLE_END.search(words[-1]) and words[-1] not in _NOT_A_ROLE else "trait"
        related = attribute == "trait" and any(w in lexicon.RELATIVES for w in words)
        return [
            Statement(
                f"Is {turned(what)}", "family" if related else attribute, turned(core), weight=0.55, confidence=0.7
            )
        ]
    if negated or len(words) > _LONGEST_PLAIN:
        return []
    if len(words) > 1 and _is_doer(words[-1]) and not words[0].endswith("ly"):
        return [Statement(f"Is {_article(core)}{turned(core)}", "occupation", turned(core), weight=0.5, confidence=0.6)]
    if len(words) == 1 and core.lower() not in lexicon.NOT_NAMES | _HEROES:
        known = words[0] in FIRST_NAMES and words[0] not in AMBIGUOUS
        if core[:1].isupper() or known:
            return [_name(core)]
    if words[0] in FIRST_NAMES - AMBIGUOUS and re.match(r"\w+ (?:and|from|here|by|who|i)\b", core, re.IGNORECASE):
        return [_name(core.split()[0])]
    return []


_HEROES: Final = frozenset(
    """
    batman superman spiderman spider-man ironman catwoman supergirl superwoman aquaman deadpool wolverine joker hulk
    groot godzilla king-kong kong dracula frankenstein santa zeus poseidon hades hercules gandalf yoda shrek voldemort
    dumbledore sherlock zorro tarzan cinderella pinocchio pikachu goku naruto gollum chewbacca satan lucifer buddha god
    """.split()
)
"""Whom somebody plays at being: no names of people."""

_LONGEST_PLAIN: Final = 3
"""Words of what somebody is without an article ("pizza maker"); a longer one is a clause."""

_DETERMINED: Final = re.compile(r"(?:an?|the|my|our|your|his|her|one|both|also an?|just an?)\s", re.IGNORECASE)


def _is_doer(word: str) -> bool:
    """Whether a word names one who does something: "maker", "reviewer"."""
    if not word.endswith("er") or word in _NOT_A_ROLE:
        return False
    return any(
        verb is not None and verb.form == "base"
        for verb in (verb_of(word[:-2]), verb_of(word[:-1]), verb_of(word[:-3]) if word[-3] == word[-4:-3] else None)
    )


def _article(words: str) -> str:
    return "an " if words[:1].lower() in "aeiou" else "a "


def _kind(what: str, core: str, words: list[str], hit: str, attribute: str, weight: float, negated: bool) -> Statement:
    if negated:
        return Statement(f"Is not {turned(what)}", f"not_{attribute}", hit, weight=weight, closes=((attribute, hit),))
    # What is so again ends that it was not.
    again: tuple[tuple[str, str | None], ...] = ((f"not_{attribute}", hit),)
    if attribute == "relationship_status":
        ends = (*again, ("partner", None)) if hit in ("single", "divorced") else again
        return Statement(f"Is {hit}", attribute, hit, weight=weight, confidence=0.9, closes=ends)
    if attribute == "diet":
        return Statement(f"Is {hit}", attribute, hit, weight=weight, confidence=0.9, closes=again)
    content = f"Is {turned(what)}"
    if attribute == "occupation":
        job = " ".join(words[: words.index(hit) + 1])
        place = re.search(r"\b(?:at|for) ([A-Z][\w&.-]*(?: [A-Z][\w&.-]*)*)", what)
        if not _DETERMINED.match(what) and " and " not in core and hit not in ("ceo", "founder"):
            content = f"Is {_article(core)}{turned(core)}"
        named = (("workplace", place[1], ""),) if place else ()
        return Statement(
            content,
            attribute,
            core if len(words) <= 4 else job,
            weight=weight,
            confidence=0.9,
            named=named,
            closes=again,
        )
    value = turned(bare(core)).removeprefix("and ")
    return Statement(content, attribute, value, weight=weight, confidence=0.8, closes=again)
