"""What "my …" says of one's own attributes and things: "my hair is red", "my old truck", "my name is Ana"."""

import re
from typing import Final

from server.domain.extraction import lexicon, nouns
from server.domain.extraction.english import bare, phrase, sentence_case, turned
from server.domain.extraction.statement import Statement
from server.domain.extraction.verbs import verb_of

_MY_NAME: Final = re.compile(
    r"\b(?:my |hi,? )?(?:full |first |nick)?name(?: is|'s) (?P<x>[\w'-]+(?: [A-Z][\w'-]+)?)|"
    r"\bcall me (?P<y>[A-Z][\w'-]+)|\b(?:people|they|friends|everyone|parents|mom|dad|mother) (?:call|named) me "
    r"(?P<z>[\w'-]+)",
    re.IGNORECASE,
)
_BIRTHDAY: Final = re.compile(r"\bmy birthday(?: is|'s) (?:on )?(?P<x>.+)", re.IGNORECASE)
_COPULA: Final = re.compile(
    r"\b(?:my|our) (?P<k>(?:[\w'-]+ ){0,2}?[\w'-]+) (?P<be>is|are|(?<=job )would be) (?P<not>not )?(?P<x>.+)",
    re.IGNORECASE,
)
_HURTS: Final = re.compile(
    r"\b(?:my|our) (?P<k>(?:[\w'-]+ )?[\w'-]+) (?P<v>hurts?|aches?|itch(?:es)?|is (?:broken|sore|swollen))\b",
    re.IGNORECASE,
)
_DREAM: Final = re.compile(
    r"\bmy (?:\w+ )?(?:dream|goal|ambition)(?: job)? (?:is|would be|has always been) "
    r"(?:(?P<to>to )(?:be |become )?|being |becoming )?(?P<x>.+)",
    re.IGNORECASE,
)
_ASIDE: Final = frozenset(("hi", "hello", "hey", ",", "my"))


_INTRODUCED: Final = re.compile(
    r"^(?:(?:hi|hello|hey|greetings|good (?:morning|evening|afternoon))\b(?: there| everyone| everybody| "
    r"all)?[\s,]*(?:\w+ )?)"
    r"(?:I am|this is|it is) (?P<x>[A-Za-z][\w'-]+)(?: here)?(?=$|,| and\b| from\b| but\b)",
    re.IGNORECASE,
)
_NO_NAMES: Final = (
    lexicon.PASSING | lexicon.KINDS | lexicon.OCCUPATIONS | lexicon.NOT_NAMES | lexicon.RELATIVES.keys() | lexicon.PETS
)


def introduced(sentence: str) -> list[Statement]:
    """The name somebody greets with: "hi, I am Ana"."""
    match = _INTRODUCED.match(sentence)
    if match is None:
        return []
    name = match["x"]
    if (
        name.lower() in _NO_NAMES
        or verb_of(name.lower()) is not None
        or name.lower().endswith(("ing", "ed", "ly", "ful", "ous", "y"))
    ):
        return []
    return [Statement(f"Is called {sentence_case(name)}", "name", sentence_case(name), weight=0.85, confidence=0.8)]


def own_name(sentence: str) -> list[Statement]:
    """What somebody is called: "my name is Ana", "call me Ana"."""
    match = _MY_NAME.search(sentence)
    if match is None:
        return []
    before = sentence[: match.start()].lower().rstrip()
    told = match["x"] is None or match[0].lower().startswith(("my", "hi"))
    if not told and before and not before.endswith(tuple(_ASIDE)):
        return []
    name = phrase(match["x"] or match["y"] or match["z"], 2)
    parts = name.split()
    if not parts or parts[0].lower() in _NO_NAMES or not parts[0][0].isalpha():
        return []
    title = sentence_case(name if len(parts) > 1 and parts[1][:1].isupper() else parts[0])
    return [Statement(f"Is called {title}", "name", title, weight=0.9, confidence=0.95)]


_KIND_WORDS: Final = frozenset(
    "name favorite fav fave least life idea answer question point problem thing advice".split()
)
_SAYS_NOTHING: Final = frozenset(
    "so not going what just also very really always all like why how where when too kind pretty getting being "
    "good great fine okay ok awesome amazing bad cool nice nothing everything better worse over done gone here there "
    "happy sad sorry hurting killing about coming doing trying right wrong".split()
)


_DELIGHTS: Final = frozenset(
    "preference obsession addiction weakness pleasure interest interests favorite love poison".split()
)
"""What "my … is" tells of a taste."""


def attributes(sentence: str) -> list[Statement]:
    """What "my … is …" says of oneself: the birthday, the job, a dream, or any attribute by its own name."""
    birthday = _BIRTHDAY.search(sentence)
    if birthday and (value := phrase(birthday["x"], 4)):
        return [Statement(f"Birthday is {value}", "birthday", value, weight=0.85, confidence=0.95)]
    if (hurt := _HURTS.search(sentence)) and hurt["k"].split()[-1].lower() in nouns.BODY:
        said = f"{sentence_case(hurt['k'].lower())} {hurt['v'].lower()}"
        return [Statement(said, "health", hurt["k"].lower(), weight=0.4, confidence=0.6)]
    match = _COPULA.search(sentence)
    if match is None or (match["not"] and match["k"].split()[-1].lower() not in nouns.BODY):
        return []
    kind, value = match["k"].lower().strip(), phrase(match["x"], 7)
    last = kind.split()[-1]
    if not value or " and " in f" {kind} " or last in _KIND_WORDS or value.split()[0].lower() in _SAYS_NOTHING:
        return []
    if last in ("job", "profession", "occupation", "career") and "dream" not in kind.split():
        return _job(match, value)
    if last in ("dream", "goal", "ambition") or "dream" in kind.split():
        return _goal(sentence)
    if last in _DELIGHTS:
        value = re.sub(r"^(?:for|in|with|about) ", "", value)
        return [
            Statement(
                f"Likes {turned(value)}", "likes", turned(bare(value)), type="preference", weight=0.5, confidence=0.7
            )
        ]
    if last == "color":
        return [
            Statement(
                f"Favorite color is {value}", "favorite_color", value, type="preference", weight=0.5, confidence=0.6
            )
        ]
    if last in ("hobby", "hobbies", "passion", "pastime", "jam"):
        return [Statement(f"Hobby is {turned(value)}", "hobby", bare(value), type="preference", weight=0.6)]
    if last in nouns.ABSTRACT or last.endswith(nouns.ABSTRACT_ENDINGS):
        return []
    weight = 0.5 if last in nouns.BODY else 0.4
    be = f"{match['be'].lower()}{' not' if match['not'] else ''}"
    content = f"{sentence_case(turned(kind))} {be} {turned(value)}"
    return [Statement(content, kind.replace(" ", "_"), turned(bare(value)), weight=weight, confidence=0.75)]


def _job(match: re.Match[str], value: str) -> list[Statement]:
    first = match["x"].split()[0].lower()
    words = value.lower().split()
    named = first in ("a", "an") or words[-1] in lexicon.OCCUPATIONS or first.endswith("ing")
    if not named or words[0] in ("my", "bit", "little", "pain", "joke"):
        return []
    said = "Works as" if not first.endswith("ing") else "Job is"
    return [Statement(f"{said} {turned(value)}", "occupation", bare(value), weight=0.75)]


def _goal(sentence: str) -> list[Statement]:
    match = _DREAM.search(sentence)
    if match is None or not (what := phrase(match["x"], 7)):
        return []
    said = "Dreams of being"
    if match["to"]:
        said = "Wants to be" if re.search(r" (?:be|become) ", match[0]) else "Wants to"
    elif " job" in match[0].lower():
        said = "Wants to be"
    elif not re.search(r" (?:being|becoming) ", match[0]):
        said = "Dreams of"
    return [Statement(f"{said} {turned(what)}", "goal", turned(bare(what)), weight=0.65)]


_OWNER: Final = re.compile(
    r"\b(?:my|our) (?=(?P<x>[\w'-]+(?: [\w'-]+){0,3}))(?=(?:[\w'-]+ ){0,3}?(?:house|home|apartment|farm|condo|place|"
    r"cabin|ranch|hometown)"
    r"(?P<in> (?:in|on|near|outside) (?!my\b|the morning)(?:the )?\w+(?: \w+)?)?)?",
    re.IGNORECASE,
)
_ENDS: Final = frozenset(
    """
    is are was were be been am has have had do does did will would can could should may might must in on at with to and
    or for but of from a an the when while because so i as by too all every right today this that these those his her
    their its if than then them me you he she it we they just also really always never ever not about into over
    up down out off after before since until who which where here there now again yet actually lol haha did does made
    """.split()
)
_FILLERS: Final = frozenset("own new old whole entire first last next very current second other only".split())
_BRANDS: Final = frozenset(
    """
    honda toyota ford tesla bmw chevy chevrolet audi mercedes nissan mazda volvo subaru lexus cadillac dodge jeep
    """.split()
)


def mentioned(sentence: str, made: list[Statement]) -> list[Statement]:
    """Things, looks and pets that are had because they are spoken of as "my …"; at most two."""
    found: list[Statement] = []
    for match in _OWNER.finditer(sentence):
        said = {word for m in (*made, *found) for word in m.content.lower().split()}
        one = _thing(match["x"].split(), said, match["in"] or "")
        if one is not None:
            found.append(one)
    return found[:2]


_NOT_EVERYBODYS: Final = frozenset("beard freckles mustache accent".split())


_DOERS: Final = lexicon.OCCUPATIONS | frozenset(
    "bearer walker owner lover player dealer fan fans keeper club store shop salary".split()
)


def _thing(words: list[str], said: set[str], where: str) -> Statement | None:
    words = [w.strip(" '-") for w in words]
    until = next((n for n, w in enumerate(words) if w.lower() in _ENDS), len(words))
    words = words[:until]
    known = [n for n, w in enumerate(words) if w.lower() in _KNOWN]
    if not known:
        return _something(words[:3], said)
    place = known[-1]
    noun = words[place].lower()
    if noun in said:
        return None
    if noun in _BRANDS and place + 1 < len(words):
        place += 1
    after = words[place + 1].lower() if place + 1 < len(words) else ""
    if noun in ("pet", "pets") and after and verb_of(after) is None:
        place += 1
    elif after in _DOERS:
        # "My guitar teacher", "our ring bearer": somebody who deals with the thing.
        return None
    value = words[: place + 1]
    while len(value) > 1 and value[0].lower() in _FILLERS:
        value = value[1:]
    body = noun in nouns.BODY - _NOT_EVERYBODYS
    if body and (len(value) < 2 or value[-2].lower() in ("left", "right", "own", "new", "both")):
        return None
    shown = " ".join(value)
    attribute = "pet" if noun in lexicon.PETS else "appearance" if body else "owns"
    article = "" if body or noun.endswith("s") or re.match(lexicon.NUMBER_WORDS + r"\b", shown) else article_of(shown)
    weight = 0.6 if attribute == "pet" else 0.35
    where = f" {inside}" if where and noun in nouns.HOMES and (inside := phrase(where, 4)) else ""
    return Statement(f"Has {article}{shown}{where}", attribute, shown, weight=weight, confidence=0.6)


_KNOWN: Final = nouns.THINGS | nouns.BODY | lexicon.PETS | _BRANDS


def _something(words: list[str], said: set[str]) -> Statement | None:
    """A thing no list knows, kept with little weight: "my antiques", "my inhaler"."""
    while words and words[0].lower() in _FILLERS:
        words = words[1:]
    for place, word in enumerate(words):
        verb = verb_of(word.lower())
        if place and (word.lower().endswith("ly") or (verb is not None and verb.form in ("third", "past"))):
            words = words[:place]
            break
    if not words or not words[-1].isalpha() or len(words[-1]) < 3:
        return None
    last = words[-1].lower()
    if (
        last in said
        or last in _NO_THING
        or last.endswith(nouns.ABSTRACT_ENDINGS)
        or any(w.lower() in _NO_THING or _MOST_OF_ALL.match(w) for w in words)
    ):
        return None
    verb = verb_of(last)
    if verb is not None and (verb.form != "base" or len(words) == 1):
        return None
    shown = " ".join(words)
    article = "" if last.endswith("s") or last in nouns.MASS else article_of(shown)
    return Statement(f"Has {article}{shown}", "owns", shown, weight=0.25, confidence=0.4)


_MOST_OF_ALL: Final = re.compile(r"\w{2,}[^aeiour]est$", re.IGNORECASE)
"""Superlatives: "my strongest subjects" are nothing that is owned."""

_NO_THING: Final = nouns.ABSTRACT | lexicon.RELATIVES.keys() | lexicon.PLURALS.keys() | nouns.NOTHING_OWNED


def article_of(words: str) -> str:
    """The indefinite article that goes before the words, with its space."""
    return "an " if words[:1].lower() in "aeiou" else "a "
