"""What "I have …" says: family, pets, conditions, things, looks."""

import re
from typing import Final

from server.domain.extraction import lexicon, nouns
from server.domain.extraction.english import bare, phrase, turned
from server.domain.extraction.statement import Statement
from server.domain.extraction.verbs import verb_of

_PIECES: Final = re.compile(r"\s*[,:]\s*(?:and |or )?|\s+(?:and|or|plus|&)\s+", re.IGNORECASE)
_NAMED: Final = re.compile(r"\s*,?\s*(?:named|called|(?:whose |his |her )?name is)\s+(?P<name>[\w'-]+)", re.IGNORECASE)
_DETERMINER: Final = re.compile(
    rf"^(?:a|an|the|my|our|some|any|no|just|only|also|got|{lexicon.NUMBER_WORDS})\s+", re.IGNORECASE
)
_CONDITIONS: Final = re.compile(
    r"\b(?:diabetes|asthma|ocd|adhd|add|anxiety|depression|autism|cancer|arthritis|ptsd|"
    r"insomnia|migraines?|epilepsy|"
    r"allerg(?:y|ies)|phobia|disorder|disease|syndrome|dyslexia|anemia|lupus|chronic|"
    r"bipolar|condition|disability)\b",
    re.IGNORECASE,
)
_LOOKS: Final = re.compile(
    r"\b(?:hair|eyes?|skin|beard|freckles|tattoos?|feet|toes|fingers|legs?|arms?|piercings?|"
    r"scars?|dimples|teeth|mustache)\b",
    re.IGNORECASE,
)
_PLANS: Final = frozenset(
    "meeting appointment date interview exam call flight test party trip deadline presentation "
    "wedding surgery checkup".split()
)
_EMPTY: Final = frozenset(
    """
    time fun idea question problem chance choice feeling good bad lot great day weekend plan job point no
    nothing been to
    never some any not always had have done seen heard tried enough more one it that this them he him her just
    trouble a reason clue something anything everything luck work question look only ever also lunch
    dinner breakfast busy
    """.split()
)
_PARTICIPLE: Final = re.compile(
    r"^(?:a |an )?(?:(?:always|never|not|already|just|also|recently|ever|only|even|never ever) "
    r")*(?P<w>[a-z]+)\b(?P<more> .+)?",
    re.IGNORECASE,
)
_PERFECT: Final = frozenset(
    "been had done seen heard tried gone got made taken lost found wanted worked played lived loved thought read "
    "written "
    "eaten met come become started finished always never not to already just ever".split()
)
_THINGS_IN_ED: Final = frozenset("red bed shed sled weed seed feed need".split())
_PREPOSITIONS: Final = frozenset("on in at with for from by of under over as about home back".split())
_MOST: Final = 5


_TROUBLE: Final = re.compile(
    r"(?:an? |some |many |a lot of |serious |bad |major )*(?:problems?|issues?|trouble) with (?P<x>(?:my|the) .+)",
    re.IGNORECASE,
)
_QUALITY: Final = (
    r"(?:long|short|curly|straight|wavy|dark|light|bright|black|brown|blonde?|red|blue|green|grey|gray|white|pink|purple|"
    r"big|small|little|tiny|huge|old|new|cute|thick|thin|sweet|lazy|beautiful|pretty|fluffy|soft|large)"
)
_QUALITIES: Final = re.compile(rf"\b(?P<a>{_QUALITY})(?: ?, ?(?:and )?| and )(?={_QUALITY} [a-z])", re.IGNORECASE)
"""Adjectives in a row are of one thing: "long, blonde hair"."""


_APPOSED: Final = re.compile(
    rf"(?P<x>an? (?:\w+ )?(?:{'|'.join(sorted({*lexicon.RELATIVES, *lexicon.PETS}, key=len, reverse=True))}))(?: now|"
    rf" already| too)?, "
    r"(?P<name>(?-i:[A-Z])[\w'-]+)(?=,|$)",
    re.IGNORECASE,
)
"""Somebody and their name side by side: "a teacher now, Mirela"."""


def having(match: re.Match[str], negated: bool) -> list[Statement]:
    """Statements from the object of "have"."""
    found: list[Statement] = []
    words = match["x"]
    verb = match[0].split()[0].lower()
    perfect = _PARTICIPLE.match(words)
    if perfect is not None and _is_participle(perfect["w"].lower()):
        return []
    none = re.match(r"(?:no|any)\b(?: interest| time| idea| clue| problem)?", words, re.IGNORECASE)
    if (trouble := _TROUBLE.match(words)) and (what := phrase(trouble["x"], 4)):
        said = f"{'Has no' if negated else 'Has'} problems with {turned(what)}"
        return [Statement(said, "no_health" if negated else "health", turned(bare(what)), weight=0.5, confidence=0.7)]
    if apposed := _APPOSED.match(words):
        words = f"{apposed['x']} named {apposed['name']}{words[apposed.end() :]}"
    words = _QUALITIES.sub(r"\g<a> ", words)
    for piece in _PIECES.split(words)[:_MOST]:
        made = _one(piece, negated or (none is not None and none[0].lower() == "no"), verb)
        if made is None:
            break
        if found and made.attribute == "owns" and (member := _member(words, found[0], piece)):
            made = member
        found.append(made)
    return found


def _is_participle(word: str) -> bool:
    """Whether "have" before the word makes a tense of it: "have seen"."""
    if word in _THINGS_IN_ED:
        return False
    verb = verb_of(word)
    return word in _PERFECT or (verb is not None and verb.form == "past") or (word.endswith("ed") and len(word) > 5)


def _member(words: str, group: Statement, piece: str) -> Statement | None:
    """One of a group that is named after it: "two kids, Emma and Noah"."""
    name = piece.strip()
    if group.attribute not in ("children", "siblings", "pet") or not re.fullmatch(r"[A-Z][\w'-]+", name):
        return None
    last = _PIECES.split(words)[0].split()[-1].lower()
    one = lexicon.PLURALS.get(last) or last.removesuffix("s")
    kind = "pet" if group.attribute == "pet" else "person"
    return Statement(
        f"Has a {one} named {name}", group.attribute, name, weight=0.85, confidence=0.9, named=((kind, name, one),)
    )


_ONLY: Final = re.compile(r"^(?:just|only|about|like)? ?(?:the )?(?=(?:one|two|three|four|five|\d+)\b)", re.IGNORECASE)


def _one(piece: str, negated: bool, verb: str) -> Statement | None:
    named = _NAMED.search(piece)
    what = phrase(_ONLY.sub("", piece[: named.start()] if named else piece), 8)
    what = re.sub(r" only$", "", what)
    if not what:
        return None
    core = what
    while (shorter := _DETERMINER.sub("", core)) != core:
        core = shorter
    words = [w.lower().strip(",.") for w in core.split()]
    if not words or words[0] in _EMPTY or words[0] in _PREPOSITIONS or _head(core) in nouns.ABSTRACT:
        return None
    name = ""
    if named:
        name = named["name"][:1].upper() + named["name"][1:]
    shown = turned(bare(what) if re.match(r"(?:the|my|our|some|any|no) ", what, re.IGNORECASE) else what)
    if not negated:
        return _had(words, core, shown, name, verb)
    attribute = _attribute(words)
    return Statement(f"Has no {core}", f"no_{attribute}", core, weight=0.5, closes=((attribute, core),))


_AFTER_HEAD: Final = re.compile(r"\s(?:in|of|with|on|for|at|from|to|by|about|like|around|under|over|near)\s")


def _head(core: str) -> str:
    """The noun a phrase is about: "sushi" of "sushi in the fridge"."""
    return _AFTER_HEAD.split(core.lower(), maxsplit=1)[0].split()[-1].strip(",.")


def _attribute(words: list[str]) -> str:
    for word in words:
        singular = lexicon.PLURALS.get(word) or lexicon.RELATIVES.get(word) or word
        if singular in lexicon.PARTNERS:
            return "partner"
        if singular in lexicon.CHILDREN:
            return "children"
        if singular in lexicon.SIBLINGS:
            return "siblings"
        if word in lexicon.PETS:
            return "pet"
        if singular in lexicon.FRIENDS:
            return "people"
        if word in lexicon.RELATIVES or word in lexicon.PLURALS or word == "family":
            return "family"
    if any(word in _PLANS for word in words):
        return "plan"
    text = " ".join(words)
    if _CONDITIONS.search(text):
        return "health"
    if _LOOKS.search(text):
        return "appearance"
    return "owns"


_WEIGHTS: Final = {
    "partner": 0.85,
    "children": 0.85,
    "siblings": 0.75,
    "family": 0.7,
    "pet": 0.8,
    "people": 0.6,
    "health": 0.8,
    "appearance": 0.5,
    "plan": 0.45,
    "owns": 0.4,
}


def _had(words: list[str], core: str, shown: str, name: str, verb: str) -> Statement | None:
    attribute = _attribute(words)
    weight = _WEIGHTS[attribute]
    if verb == "had" and attribute not in ("health", "family", "siblings"):
        return None
    if attribute == "owns" and len(words) > 6:
        return None
    last = words[-1]
    if not name:
        return Statement(
            f"Has {shown}", attribute, core, weight=weight, confidence=0.7 if attribute == "owns" else 0.85
        )
    content = f"Has {shown} named {name}"
    kind = "pet" if attribute == "pet" else "person" if attribute in _PEOPLE else "thing"
    called = next((w for w in reversed(words) if w in lexicon.PETS or w in lexicon.RELATIVES), last)
    ends = (("relationship_status", "single"),) if attribute == "partner" else ()
    return Statement(
        content,
        attribute,
        name,
        weight=min(0.9, weight + 0.05),
        confidence=0.95,
        named=((kind, name, called),),
        closes=ends,
    )


_PEOPLE: Final = frozenset(("partner", "children", "siblings", "family", "people"))
