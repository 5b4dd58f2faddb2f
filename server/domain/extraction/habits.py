"""What "I …" says of what somebody does: again and again, just now, or once."""

import re
from typing import Final

from server.domain.extraction.english import bare, phrase, turned
from server.domain.extraction.items import items
from server.domain.extraction.statement import Statement
from server.domain.extraction.verbs import HABITUAL, is_event, tells, third_person, verb_of

_ATTRIBUTES: Final = {
    "eat": "eats",
    "drink": "drinks",
    "watch": "watches",
    "read": "reads",
    "listen": "listens_to",
    "speak": "language",
    "play": "plays",
    "collect": "collects",
    "believe": "belief",
    "own": "owns",
}
_BY_THEMSELVES: Final = frozenset(
    "hunt fish sing dance swim paint draw hike surf ski knit travel smoke garden cook bake write read drink run jog "
    "farm "
    "volunteer meditate sew camp golf scream rap skate".split()
)
"""Verbs that say something without an object: "I sing"."""

_ARTS: Final = frozenset("sing dance swim paint draw surf ski knit cook bake read sew rap skate".split())
"""Of those, the ones that are skills: who sings can sing."""

_JOINED: Final = re.compile(r"\s*(?P<p>to|at|on|in|with|for|from|into|by|as|through|about|of|over)\s+", re.IGNORECASE)
_NO_OBJECT: Final = re.compile(
    r"\s*(?:whenever|wherever|while|often|you|your|it|that|this|them|him|her|his|the same|me|if|how|what|when|why|"
    r"up$|off$|out$|on$|over$|"
    r"my (?:mind|way|best|own way)|for you\b|back$|lots?$|a lot$|much$|more$|better$|today|yesterday|tonight|last "
    r"(?:night|"
    r"week|year|month)|here\b|there\b|well$|so\b|no\b|too$|"
    r"like|not|again|myself$|alone$|hard$|away$|around$|down$|good$|great$|fine$|right$|in$|forward|sense|a break|"
    r"some time|time)\b",
    re.IGNORECASE,
)
_NOT_DONE: Final = frozenset(
    "eat drink smoke drive cook dance swim sing play watch read wear exercise work travel own believe celebrate listen "
    "speak hunt fish run use shop date gamble party sleep study go like".split()
)
"""Verbs whose "do not" is worth keeping."""

HABIT: Final = re.compile(r"(?P<v>[a-z-]+)\b(?P<x>.*)", re.IGNORECASE)
DOING: Final = re.compile(
    r"(?:am|was|have been|had been|has been|will be)? ?(?:just |here |now |currently |also |always |still |busy |out "
    r"|off |only )*"
    r"(?P<v>[a-z]+ing)\b(?P<x>.*)",
    re.IGNORECASE,
)


_SHOWN: Final = frozenset("sing dance sew paint draw knit swim surf ski skate rap".split())
"""Arts that somebody does in front of others or for something: who sings in a choir can sing."""


def acting(match: re.Match[str], negated: bool) -> list[Statement]:
    """A verb of doing and its object, in whatever tense: a habit, or something that happened."""
    word = match["v"].lower()
    verb = verb_of(word)
    if verb is None or verb.form in ("ing", "third"):
        return []
    if verb.form == "past":
        return [] if negated or not is_event(word) else happened(word, match["x"])
    if verb.base == "do" and not negated:
        return _pursuit(match["x"])
    if not tells(verb.base) and verb.base not in HABITUAL:
        return []
    return _not_done(verb.base, match["x"]) if negated else _done(verb.base, match["x"])


def _pursuit(rest: str) -> list[Statement]:
    """What one does: "do karate"; not the "do" of "do love"."""
    what = phrase(rest, 4)
    first = what.split()[0].lower() if what else ""
    verb = verb_of(first)
    if (
        not what
        or _NO_OBJECT.match(rest)
        or first in _NOT_DONE_BY
        or (verb is not None and verb.form == "base" and first not in _PURSUITS)
    ):
        return []
    return [Statement(f"Does {turned(what)}", "habit", turned(bare(what)), weight=0.35, confidence=0.6)]


_PURSUITS: Final = frozenset("exercise design research work".split())
_NOT_DONE_BY: Final = frozenset(
    "the a my some have am agree what most all everything anything something nothing both need for i and or "
    "sometimes as and pretty "
    "ok okay great now at in on when if because but very really only just both any lots say think one "
    "think one two mine his her".split()
)


def _not_done(verb: str, rest: str) -> list[Statement]:
    what = phrase(rest)
    if verb not in _NOT_DONE or (verb in ("go", "work", "use", "like") and not what) or _NO_OBJECT.match(what):
        return []
    value = turned(bare(re.sub(r"^(?:to|in)\s+", "", what))) or verb
    said = f"Does not {verb} {_with_preposition(rest, what)}".strip()
    return [Statement(said, "avoids", value, weight=0.5, closes=((_ATTRIBUTES.get(verb, "habit"), value),))]


_TASTES: Final = frozenset("love like hate enjoy dislike prefer".split())
"""Verbs with rules of their own, which have said what there is to say."""


def _done(verb: str, rest: str) -> list[Statement]:
    if verb == "play" and re.search(r"\binstruments?\b", rest) and (what := phrase(rest, 6)):
        return [Statement(f"Can play {turned(what)}", "plays", turned(bare(what)), weight=0.45, confidence=0.8)]
    if verb == "speak" and re.search(r"\blanguages?\b", rest) and (what := phrase(rest, 4)):
        return [Statement(f"Can speak {turned(what)}", "language", turned(bare(what)), weight=0.5, confidence=0.85)]
    plain = re.sub(r"^\s*(?:for|as|on) (?=(?:a living|fun|the side|my free time)\b).*", "", rest)
    if verb in _BY_THEMSELVES and _says_no_more(plain):
        if verb in _ARTS:
            return [Statement(f"Can {verb}", "skill", verb, weight=0.4, confidence=0.7)]
        return [Statement(third_person(verb).capitalize(), "habit", verb, weight=0.4, confidence=0.7)]
    if verb == "go" and not re.match(r"\s*(?:to (?!the (?:store|bathroom)|bed\b|sleep\b)|(?:out )?\w+ing\b)", rest):
        return []
    if _NO_OBJECT.match(plain):
        return []
    if verb in _TASTES:
        return []
    everyday = verb in HABITUAL
    made = []
    if verb in _SHOWN and re.match(r"\s*(?:in|for|at|on|with|to|my|our) ", plain):
        made.append(Statement(f"Can {verb}", "skill", verb, weight=0.35, confidence=0.6))
    for number, item in enumerate(items(plain)):
        joined = _JOINED.match(item)
        value = turned(bare(item[joined.end() :] if joined else item))
        if not value or _NO_OBJECT.match(value + " "):
            continue
        shown = turned(_with_preposition(plain, item)) if number == 0 else turned(item)
        said = f"{third_person(verb).capitalize()} {shown}"
        weight, confidence = (0.45, 0.7) if everyday else (0.3, 0.5)
        made.append(Statement(said, _ATTRIBUTES.get(verb, "habit"), value, weight=weight, confidence=confidence))
    return made


_MORE: Final = re.compile(
    r"^\s*(?:$|,|a ?lot\b(?! of)|all the time|every\b|too\b|also\b|often|sometimes|very\b|well\b|really|and\b|but\b|"
    r"because\b|to\b|"
    r"as\b|for\b|\d+ |when\b|while\b|professionally|competitively|daily|fast\b|(?:pretty |really |very )?(?:good|"
    r"great|well)\b|in my\b|at home|on the\b|mostly)",
    re.IGNORECASE,
)


def _says_no_more(rest: str) -> bool:
    """Whether what follows a verb is no object of it: "all the time", "every weekend", nothing."""
    return _MORE.match(rest) is not None and not re.match(
        r"\s*(?:to|in|for|on|as) (?!relax|feel|unwind|be |stay|keep)\w", rest
    )


def _with_preposition(rest: str, what: str) -> str:
    """The object with the preposition it hangs on: "to the zoo" for the rest " to the zoo with Ana"."""
    joined = _JOINED.match(rest)
    return (
        f"{joined['p'].lower()} {what}" if joined and not what.lower().startswith(f"{joined['p'].lower()} ") else what
    )


_LONGEST: Final = 10


def happened(word: str, rest: str) -> list[Statement]:
    """Something done once, as it was told: kept with little weight."""
    if word in _MILESTONES and _says_no_more(rest):
        return [Statement(word.capitalize(), "life_event", word, weight=0.5, confidence=0.7)]
    if _NO_OBJECT.match(rest):
        return []
    joined = _JOINED.match(rest)
    what = phrase(rest[joined.end() :] if joined else rest, _LONGEST)
    if not what or re.search(r"\byou(?:r|rs)?\b", what) or _NO_OBJECT.match(what + " "):
        return []
    if _HALF_SAID.match(f"{word}{rest}"):
        return []
    shown = turned(f"{joined['p']} {what}" if joined else what)
    return [Statement(f"{word.capitalize()} {shown}", "event", shown, weight=0.28, confidence=0.6)]


_MILESTONES: Final = frozenset("graduated retired traveled travelled divorced remarried emigrated immigrated".split())
_HALF_SAID: Final = re.compile(
    r"(?:used to|got used|grew up (?:so |too )?(?:fast|quickly)|had (?:an? (?:good|great|bad|nice|lovely|wonderful|"
    r"rough|long|hard|busy|fun) (?:time|day|night|week|"
    r"weekend|evening|morning|one)|to|in|at|on|been|never|not|gone|done|seen|fun)|got (?:done|finished|to|up|in|out|"
    r"off|back|into|ready|started|home|so|a lot|"
    r"me|it|the same|what|married)|met (?:at|in|on|through)|went (?:through|by|out|back|on|well|off|in\b)|did|gave "
    r"(?:up|me|it)|made (?:it|sure|me|up)|"
    r"took (?:care|a while|me|forever|off)|saw (?:that|it)|found (?:out|that|it)|came)\b",
    re.IGNORECASE,
)


_DOING_WEIGHTS: Final = {"raise": 0.6, "teach": 0.5, "date": 0.6, "restore": 0.45, "write": 0.45, "build": 0.4}


def doing(match: re.Match[str], negated: bool) -> list[Statement]:
    """What somebody is busy with: "am learning the cello", "was eating cake"."""
    word, rest = match["v"].lower(), match["x"]
    verb = verb_of(word)
    if negated or verb is None or verb.form != "ing" or not (tells(verb.base) or verb.base in _DOINGS):
        return []
    if _NO_OBJECT.match(rest):
        return []
    joined = _JOINED.match(rest)
    what = phrase(rest[joined.end() :] if joined else rest, 10)
    if not what or _NO_OBJECT.match(what + " "):
        return []
    shown = turned(f"{joined['p']} {what}" if joined else what)
    if verb.base == "speak" and joined and joined["p"].lower() == "of":
        return []
    past = match[0].lower().startswith(("was", "had"))
    if verb.base in _STUDIES:
        value = bare(re.sub(r"^(?:to be |to )", "", what))
        if re.match(r"\s*to (?:be|become)\b", rest):
            return []
        return [Statement(f"{_STUDIES[verb.base]} {shown}", "studies", value, weight=0.6)]
    weight = 0.28 if past else _DOING_WEIGHTS.get(verb.base, 0.3)
    said = "Was" if past else "Is"
    return [Statement(f"{said} {word} {shown}", "activity", turned(bare(what)), weight=weight, confidence=0.5)]


_STUDIES: Final = {"study": "Studies", "learn": "Is learning", "major": "Majors", "train": "Is training"}
_DOINGS: Final = frozenset(
    "see meet look have finish enjoy learn need plan study major start change join care pay send move".split()
)


def given_up(match: re.Match[str], negated: bool) -> list[Statement]:
    """What somebody does no more: "stopped eating meat"."""
    what = phrase(match["x"], 6)
    first = what.split()[0].lower() if what else ""
    verb = verb_of(first)
    if negated or verb is None or verb.form != "ing":
        return []
    value = turned(bare(what.split(maxsplit=1)[1])) if " " in what else verb.base
    ends = ((_ATTRIBUTES.get(verb.base, "habit"), value),)
    return [Statement(f"Stopped {turned(what)}", "avoids", turned(what), weight=0.55, confidence=0.8, closes=ends)]


def never(match: re.Match[str], negated: bool) -> list[Statement]:
    """What somebody has never done: "have never drunk coffee"."""
    verb = verb_of(match["v"].lower())
    what = phrase(match["x"], 7)
    if (
        not negated
        or verb is None
        or verb.form != "past"
        or not tells(verb.base)
        or not what
        or _NO_OBJECT.match(what + " ")
    ):
        return []
    shown = turned(_with_preposition(match["x"], what))
    return [Statement(f"Has never {match['v'].lower()} {shown}", "never", shown, weight=0.4, confidence=0.7)]


def named_pet(match: re.Match[str], negated: bool) -> list[Statement]:
    """A pet by the name that was given it: "named my cat Miso"."""
    if negated:
        return []
    kind, name = match["kind"].lower(), match["name"]
    title = name[:1].upper() + name[1:]
    return [
        Statement(
            f"Has a {kind} named {title}", "pet", title, weight=0.85, confidence=0.9, named=(("pet", title, kind),)
        )
    ]
