"""What "my …" says: one's own attributes, people, pets, and the facts that are theirs, not the contact's."""

import re
from typing import Final

from server.domain.extraction import lexicon
from server.domain.extraction.english import bare, phrase, sentence_case, turned
from server.domain.extraction.statement import Statement

_NUMBER: Final = lexicon.NUMBER_WORDS
_RELATION: Final = "|".join(
    sorted((re.escape(w) for w in {*lexicon.RELATIVES, *lexicon.PLURALS}), key=len, reverse=True)
)
_KIND: Final = "|".join(sorted(lexicon.PETS, key=len, reverse=True))
_ABOUT: Final = (
    r"(?:(?:\d+|three|four|five|six|seven|eight|nine|ten|other|grown|older|younger|little|"
    r"big|oldest|youngest|twin|new|late|ex|old|two|best|only|first|second|dear|sweet|"
    r"lovely|late) )*"
)
_NAME: Final = r"[A-Z][\w'-]+"

_MY_NAME: Final = re.compile(
    r"\b(?:my |hi,? )?(?:full |first |nick)?name(?: is|'s) (?P<x>[\w'-]+(?: [A-Z][\w'-]+)?)|"
    r"\bcall me (?P<y>[A-Z][\w'-]+)|\bpeople call me (?P<z>[\w'-]+)",
    re.IGNORECASE,
)
_BIRTHDAY: Final = re.compile(r"\bmy birthday(?: is|'s) (?:on )?(?P<x>.+)", re.IGNORECASE)
_FAVORITE: Final = re.compile(
    r"\b(?:my|our) (?:\w+ )?favorite (?P<k>[\w ]{2,25}?)(?: ever| of all time| right "
    r"now| to \w+)?(?: is| are| was| would be| has to be|,)(?: definitely| probably|"
    r" also| the)? (?P<x>.+)",
    re.IGNORECASE,
)
_FAVORITE_AFTER: Final = re.compile(
    r"(?:^|, ?| and | but |\bso |\bthat )(?P<x>[\w' -]{2,40}?) (?:is|are|was|were|would "
    r"be)(?: also| definitely| one of| probably| by far)* my (?:all time |absolute |"
    r"most |very )?favorite(?P<k> [\w ]{2,20})?",
    re.IGNORECASE,
)
_MINE: Final = re.compile(r"\bmine (?:is|are|was) (?P<x>.+)", re.IGNORECASE)
_COPULA: Final = re.compile(
    r"\b(?:my|our) (?P<k>(?:[\w'-]+ ){0,2}?[\w'-]+) (?P<be>is|are) (?P<not>not )?(?P<x>.+)", re.IGNORECASE
)
_PET: Final = re.compile(
    rf"\b(?:[Mm]y|[Oo]ur) (?:\w+ ){{0,2}}?(?P<kind>{_KIND})(?P<of>'s name)?(?:,? (?:is "
    rf")?(?:named |called )?|'s name is )(?P<name>{_NAME})"
)
_PET_LOWER: Final = re.compile(
    rf"\b(?:my|our) (?:\w+ ){{0,2}}?(?P<kind>{_KIND})(?:'s name is|s name is| is (?:named|"
    r"called)| named| called) (?P<name>[\w'-]+)",
    re.IGNORECASE,
)
_DIED: Final = re.compile(
    rf"\b(?:[Mm]y|[Oo]ur) (?:{_ABOUT})?(?P<kind>{_KIND}|{_RELATION})(?:,? (?P<name>{_NAME}),?)? "
    r"(?:has |have |just |sadly |had )*(?:died|passed away|passed|was put down)\b"
)
_RELATIVE: Final = re.compile(
    rf"\b(?:[Mm]y|[Oo]ur) (?P<about>{_ABOUT})(?P<rel>{_RELATION})\b(?P<of>'s (?:name "
    rf"is )?)?(?:,? (?:(?:is )?(?:named|called) (?P<n1>[\w'-]+)|(?P<n2>{_NAME})))?,?(?P<rest>.*)"
)
_OTHERS_DO: Final = re.compile(
    r"^\s*(?:also |just |now |still |actually |both |all |currently |recently |always "
    r"|really )*(?P<v>lives?|works?|is|are|was|were|has|have|loves?|likes?|hates?|studies|"
    r"study|plays?|moved|"
    r"teach(?:es)?|owns?|got|died|passed away|went|goes|makes?|raised|collects?|speaks?|"
    r"runs?|wants?|used to \w+)\b (?P<x>.+)",
    re.IGNORECASE,
)
_HAVEABLE: Final = "|".join(sorted({*lexicon.THINGS, *lexicon.PETS}, key=len, reverse=True))
_BY_MENTION: Final = re.compile(
    rf"\b(?:my|our) (?P<x>(?:{_NUMBER} |\w+ )?(?:[\w-]+ )??(?P<noun>{_HAVEABLE}))\b",
    re.IGNORECASE,
)
_MAKES_ME: Final = re.compile(
    r"(?:^|, ?)(?P<x>[\w' -]{2,30}?) makes? me (?:so |very |really )?(?P<f>happy|smile|"
    r"calm|relaxed|sad|sick|nervous|angry)",
    re.IGNORECASE,
)


def possessions(sentence: str) -> list[Statement]:
    """Every statement a sentence makes with "my" or "our"."""
    lowered = sentence.lower()
    made: list[Statement] = []
    if "makes me" in lowered or "make me" in lowered:
        made += _feeling(sentence)
    if "name" in lowered or "call me" in lowered:
        made += _own_name(sentence)
    made += _brood(sentence)
    if "mine" in lowered and (mine := _MINE.search(sentence)) and (value := phrase(mine["x"], 4)):
        made.append(Statement(f"Theirs is {turned(value)}", "theirs", bare(value), weight=0.35, confidence=0.5))
    if not re.search(r"\b(?:my|our)\b", lowered):
        return made
    made += _favorites(sentence)
    made += _pets(sentence)
    made += _people(sentence)
    if not made:
        made += _attributes(sentence)
    made += _mentions(sentence, made)
    return made


_PRONOUNS: Final = frozenset(
    "me him her it they them he she who that this these those which what i you we us one here yours mine".split()
)
_DREAM: Final = re.compile(
    r"\bmy (?:\w+ )?(?:dream|goal|ambition)(?: job)? (?:is|would be|has always been) "
    r"(?:(?P<to>to )(?:be |become )?|being |becoming )?(?P<x>.+)",
    re.IGNORECASE,
)
_BROOD: Final = re.compile(
    rf"\bI (?:am|was)[\w ]*? (?:with|of|to) (?P<x>{_NUMBER} (?:\w+ )?(?P<rel>{'|'.join(lexicon.PLURALS)}))\b",
    re.IGNORECASE,
)


def _brood(sentence: str) -> list[Statement]:
    """Children counted in passing: "I am married with two kids", "I am a mother of three boys"."""
    match = _BROOD.search(sentence)
    if match is None or lexicon.PLURALS[match["rel"].lower()] not in lexicon.CHILDREN:
        return []
    return [Statement(f"Has {match['x']}", "children", match["x"], weight=0.8, confidence=0.85)]


def _feeling(sentence: str) -> list[Statement]:
    match = _MAKES_ME.search(sentence)
    if (
        match is None
        or not (what := bare(match["x"]))
        or what.lower() in ("it", "that", "this", "which", "and it", "you", "he", "she")
    ):
        return []
    good = match["f"].lower() in ("happy", "smile", "calm", "relaxed")
    attribute, word = ("likes", "Likes") if good else ("dislikes", "Dislikes")
    return [
        Statement(f"{word} {turned(what)}", attribute, turned(what), type="preference", weight=0.45, confidence=0.6)
    ]


def _own_name(sentence: str) -> list[Statement]:
    match = _MY_NAME.search(sentence)
    if match is None:
        return []
    before = sentence[: match.start()].lower().rstrip()
    if (
        not match[0].lower().startswith(("my", "call", "hi", "people"))
        and before
        and not before.endswith(("hi", "hello", "hey", ",", "my"))
    ):
        return []
    name = phrase(match["x"] or match["y"] or match["z"], 2)
    if not name or name.lower() in lexicon.PASSING:
        return []
    title = sentence_case(name)
    return [Statement(f"Is called {title}", "name", title, weight=0.9, confidence=0.95)]


def _favorites(sentence: str) -> list[Statement]:
    made = []
    match = _FAVORITE.search(sentence)
    if match and (value := phrase(match["x"], 6)) and value.lower() not in ("yours", "what"):
        kind = match["k"].strip().lower()
        made.append(
            Statement(
                f"Favorite {kind} is {turned(value)}",
                f"favorite_{kind.replace(' ', '_')}",
                bare(value),
                type="preference",
                weight=0.6,
                confidence=0.9,
            )
        )
        return made
    after = _FAVORITE_AFTER.search(sentence)
    if (
        after
        and after["x"].split()[-1].lower() not in _PRONOUNS
        and (
            value := phrase(
                re.sub(
                    r"^.*\b(?:I think|think|well|yes|yeah|and|but|so|that|because|say)\b",
                    "",
                    after["x"],
                    flags=re.IGNORECASE,
                ),
                5,
            )
        )
    ):
        kind = phrase((after["k"] or "thing").strip(), 2).lower() or "thing"
        made.append(
            Statement(
                f"Favorite {kind} is {turned(value)}",
                f"favorite_{kind.replace(' ', '_')}",
                bare(value),
                type="preference",
                weight=0.6,
                confidence=0.85,
            )
        )
    return made


def _pets(sentence: str) -> list[Statement]:
    died = _DIED.search(sentence)
    if died and died["kind"].lower() in lexicon.PETS:
        kind, name = died["kind"].lower(), died["name"]
        shown = f"{sentence_case(kind)} {name}" if name else sentence_case(kind)
        return [
            Statement(
                f"{shown} died", "lost_pet", name or kind, weight=0.85, confidence=0.9, closes=(("pet", name or kind),)
            )
        ]
    match = _PET.search(sentence) or _PET_LOWER.search(sentence)
    if (
        match is None
        or match["name"].lower() in lexicon.PASSING | lexicon.NOT_NAMES
        or match["kind"].lower().endswith("s")
    ):
        return []
    kind, name = match["kind"].lower(), sentence_case(match["name"])
    return [
        Statement(f"Has a {kind} named {name}", "pet", name, weight=0.85, confidence=0.9, named=(("pet", name, kind),))
    ]


def _people(sentence: str) -> list[Statement]:
    made: list[Statement] = []
    for match in _RELATIVE.finditer(sentence):
        word = match["rel"].lower()
        relation = lexicon.RELATIVES.get(word) or lexicon.PLURALS.get(word, word)
        name = match["n2"] or (sentence_case(match["n1"]) if match["n1"] else None)
        if name and name.lower() in lexicon.NOT_NAMES | lexicon.PASSING | _PRONOUNS:
            name = None
        plural = word in lexicon.PLURALS
        if match["of"] and not match["of"].strip().endswith("name is"):
            made += _of_their_own(relation, match["rest"])
            continue
        if match["of"]:
            name = sentence_case(phrase(match["rest"] if name is None else name, 1)) or name
        relative = _has_relative(match["about"].strip(), word, relation, name, plural)
        if relative is not None:
            made.append(relative)
        if not plural and not match["of"]:
            made += _of_other(relation, name, match["rest"])
    return made


def _of_their_own(relation: str, rest: str) -> list[Statement]:
    """What belongs to a relative: "my mom's birthday is March 3rd" is a fact about the mother."""
    match = re.match(r"\s*(?P<k>[\w ]{2,25}?) (?P<be>is|are) (?:on )?(?P<x>.+)", rest)
    if match is None or not (value := phrase(match["x"], 6)):
        return []
    kind = match["k"].strip().lower()
    content = f"{sentence_case(relation)}'s {kind} {match['be']} {turned(value)}"
    return [
        Statement(content, kind.replace(" ", "_"), turned(bare(value)), subject=relation, weight=0.6, confidence=0.85)
    ]


def _has_relative(about: str, word: str, relation: str, name: str | None, plural: bool) -> Statement | None:
    if relation in ("ex", "girl"):
        return None
    if "ex" in about.split() or "late" in about.split():
        return None
    attribute = (
        "partner"
        if relation in lexicon.PARTNERS
        else "children"
        if relation in lexicon.CHILDREN
        else "siblings"
        if relation in lexicon.SIBLINGS
        else "people"
        if relation in lexicon.FRIENDS
        else "family"
    )
    weight = {"partner": 0.75, "children": 0.75, "siblings": 0.65, "people": 0.4, "family": 0.4}[attribute]
    shown = f"{about} {word}".strip()
    article = "" if plural else "an " if shown[0] in "aeiou" else "a "
    if name is None:
        return Statement(f"Has {article}{shown}", attribute, shown, weight=weight, confidence=0.8)
    return Statement(
        f"Has {article}{shown} named {name}",
        attribute,
        name,
        weight=min(0.9, weight + 0.1),
        confidence=0.9,
        named=(("person", name, word),),
    )


_ATTRIBUTE_OF_VERB: Final = {
    "live": "residence", "moved": "residence", "work": "occupation", "study": "studies", "studies": "studies",
    "love": "likes", "like": "likes", "hate": "dislikes", "play": "plays", "own": "owns", "have": "has", "has": "has",
}  # fmt: skip


def _of_other(relation: str, name: str | None, rest: str) -> list[Statement]:
    match = _OTHERS_DO.match(rest)
    if match is None:
        return []
    verb, what = match["v"].lower(), phrase(match["x"], 7)
    if not what or what.split()[0].lower() in ("going", "trying", "not", "so", "always"):
        return []
    subject = f"{relation}:{name.lower()}" if name else relation
    attribute = (
        _ATTRIBUTE_OF_VERB.get(verb)
        or _ATTRIBUTE_OF_VERB.get(verb.rstrip("s"))
        or ("is" if verb in ("is", "are", "was") else verb)
    )
    who = f"{sentence_case(relation)} {name}" if name else sentence_case(relation)
    value = bare(re.sub(r"^(?:in|to|at|as|for|on)\s+", "", what))
    if attribute == "residence" and verb == "moved":
        if not what.lower().startswith("to "):
            return []
        return [Statement(f"{who} lives in {value}", attribute, value, subject=subject, weight=0.5)]
    return [
        Statement(
            f"{who} {verb} {turned(what)}", attribute, turned(value), subject=subject, weight=0.5, confidence=0.75
        )
    ]


def _attributes(sentence: str) -> list[Statement]:
    birthday = _BIRTHDAY.search(sentence)
    if birthday and (value := phrase(birthday["x"], 4)):
        return [Statement(f"Birthday is {value}", "birthday", value, weight=0.85, confidence=0.95)]
    match = _COPULA.search(sentence)
    if match is None or match["not"]:
        return []
    kind, value = match["k"].lower().strip(), phrase(match["x"], 6)
    if (
        not value
        or kind.split()[-1] in ("name", "favorite")
        or value.split()[0].lower() in ("so", "not", "going", "what")
    ):
        return []
    last = kind.split()[-1]
    if last in ("job", "profession", "occupation"):
        return [Statement(f"Works as {turned(value)}", "occupation", bare(value), weight=0.75)]
    if last in ("dream", "goal", "ambition"):
        return _goal(sentence)
    if last in ("hobby", "hobbies", "passion"):
        return [Statement(f"Hobby is {turned(value)}", "hobby", bare(value), type="preference", weight=0.6)]
    weight = 0.5 if last in lexicon.BODY else 0.4
    return [
        Statement(
            f"{sentence_case(turned(kind))} {match['be'].lower()} {turned(value)}",
            kind.replace(" ", "_"),
            turned(bare(value)),
            weight=weight,
            confidence=0.75,
        )
    ]


def _goal(sentence: str) -> list[Statement]:
    match = _DREAM.search(sentence)
    if match is None or not (what := phrase(match["x"], 6)):
        return []
    said = "Dreams of being"
    if match["to"]:
        said = "Wants to be" if re.search(r" (?:be|become) ", match[0]) else "Wants to"
    return [Statement(f"{said} {turned(what)}", "goal", turned(bare(what)), weight=0.65)]


def _mentions(sentence: str, made: list[Statement]) -> list[Statement]:
    """Things and pets that are had because they are spoken of as "my"."""
    found = []
    for match in _BY_MENTION.finditer(sentence):
        noun = match["noun"].lower()
        if any(noun in m.content.lower().split() for m in made):
            continue
        attribute = "pet" if noun in lexicon.PETS else "appearance" if noun in lexicon.BODY else "owns"
        value = match["x"].strip()
        first = value.split()[0].lower()
        if first in ("own", "new", "old", "whole", "entire", "first", "last", "next"):
            value = value.split(" ", 1)[-1]
        article = "" if noun.endswith("s") or re.match(_NUMBER, value) else "an " if value[0] in "aeiou" else "a "
        found.append(
            Statement(
                f"Has {article}{value}", attribute, value, weight=0.6 if attribute == "pet" else 0.35, confidence=0.6
            )
        )
    if not found and not made:
        found += _general(sentence)
    return found[:2]


_ANYTHING: Final = re.compile(
    r"\b(?:my|our) (?P<x>(?:own |new |old )?(?:[\w-]+ ){0,2}?[\w-]+)(?= (?:is|are|was|"
    r"were|has|have|in|on|at|with|to|and|or|for|but|of|from|a|the|when|while|because|"
    r"so|I|as|by|too|all|every|right|today|this|that|will|would|can|does|do|did|not|"
    r"his|her|their)\b|[,.!?;]|$)",
    re.IGNORECASE,
)


def _general(sentence: str) -> list[Statement]:
    """Anything else that is spoken of as one's own, with little weight."""
    match = _ANYTHING.search(sentence)
    if match is None:
        return []
    value = phrase(re.sub(r"^(?:own|new|old|very) ", "", match["x"]), 4)
    words = value.lower().split()
    if not words or words[-1] in lexicon.ABSTRACT or words[0] in lexicon.ABSTRACT or words[-1] in lexicon.PLURALS:
        return []
    body = any(w in lexicon.BODY for w in words)
    if len(words) == 1 and (body or len(value) < 3):
        return []
    article = (
        "" if words[-1].endswith("s") or body or re.match(_NUMBER, value) else "an " if value[0] in "aeiou" else "a "
    )
    return [
        Statement(
            f"Has {article}{turned(value)}",
            "appearance" if body else "owns",
            turned(value),
            weight=0.25,
            confidence=0.5,
        )
    ]
