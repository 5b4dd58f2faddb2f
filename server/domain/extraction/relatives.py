"""What "my sister …" says: whom the contact has, what they are called, and the facts that are theirs."""

import re
from typing import Final

from server.domain.extraction import lexicon
from server.domain.extraction.english import bare, phrase, sentence_case, turned
from server.domain.extraction.names import AMBIGUOUS, FIRST_NAMES
from server.domain.extraction.statement import Statement
from server.domain.extraction.verbs import is_event, tells, verb_of

_RELATION: Final = "|".join(
    sorted((re.escape(w) for w in {*lexicon.RELATIVES, *lexicon.PLURALS}), key=len, reverse=True)
)
_ABOUT: Final = (
    r"(?:(?:\d+|three|four|five|six|seven|eight|nine|ten|other|grown|older|younger|little|"
    r"big|oldest|youngest|twin|new|late|ex|old|two|best|only|first|second|dear|sweet|"
    r"lovely|late|both|step|foster|adopted|half|former|middle|elder|eldest|beautiful|wonderful|amazing) )*"
)
_NAME: Final = r"[A-Z][\w'-]+"
_RELATIVE: Final = re.compile(
    rf"\b(?:[Mm]y|[Oo]ur) (?P<about>{_ABOUT})(?P<rel>{_RELATION})\b(?P<of>'s (?:name "
    rf"is )?)?(?:,? (?:(?:is )?(?:named|called) (?P<n1>[\w'-]+)|(?:(?:Dr|Mr|Mrs|Ms|Prof)\.? "
    rf")?(?P<n2>{_NAME}(?!'s))))?,?(?=(?P<rest>.*))"
)
_LOWER_NAME: Final = re.compile(r" ?,? ?(?P<n>[a-z]+)\b")
_PRONOUNS: Final = frozenset(
    "me him her it they them he she who that this these those which what i you we us one here yours mine".split()
)


def people(sentence: str) -> list[Statement]:
    """The people a sentence calls "my …", and what it tells of each."""
    made: list[Statement] = []
    for match in _RELATIVE.finditer(sentence):
        word = match["rel"].lower()
        relation = lexicon.RELATIVES.get(word) or lexicon.PLURALS.get(word, word)
        name = match["n2"] or (sentence_case(match["n1"]) if match["n1"] else None)
        if (
            name is None
            and not match["of"]
            and (lower := _LOWER_NAME.match(match["rest"]))
            and lower["n"] in FIRST_NAMES - AMBIGUOUS
        ):
            name = sentence_case(lower["n"])
        if name and name.lower() in lexicon.NOT_NAMES | lexicon.PASSING | _PRONOUNS:
            name = None
        plural = word in lexicon.PLURALS
        if match["of"] and not match["of"].strip().endswith("name is"):
            made += _of_their_own(relation, match["rest"])
            continue
        if match["of"]:
            name = sentence_case(phrase(match["rest"] if name is None else name, 1)) or name
        about = match["about"].strip().lower()
        relative = _has_relative(about, word, relation, name, plural)
        if relative is not None:
            made.append(relative)
        if not match["of"] and "ex" not in about.split():
            rest = match["rest"]
            if name and rest.lower().lstrip(" ,").startswith(name.lower()):
                rest = rest.lstrip(" ,")[len(name) :]
            made += _of_other(f"{relation}s" if plural else relation, name, rest, plural)
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


_EVERYBODY_HAS: Final = frozenset(
    "mother father parent friend neighbor boss manager colleague coworker teacher".split()
)
"""Relations that say nothing until they have a name: who has no mother?"""

_WEIGHTS: Final = {"partner": 0.75, "children": 0.75, "siblings": 0.65, "people": 0.4, "family": 0.4}


def kinship(relation: str) -> str:
    """The attribute under which a relation is filed."""
    for attribute, relations in (
        ("partner", lexicon.PARTNERS),
        ("children", lexicon.CHILDREN),
        ("siblings", lexicon.SIBLINGS),
        ("people", lexicon.FRIENDS),
    ):
        if relation in relations:
            return attribute
    return "family"


def _has_relative(about: str, word: str, relation: str, name: str | None, plural: bool) -> Statement | None:
    counted = plural and re.match(lexicon.NUMBER_WORDS + r"\b", about) is not None
    if relation in ("ex", "girl") or ({"ex", "late", "former"} & set(about.split()) and not counted):
        return None
    if name is None and relation in _EVERYBODY_HAS and not (counted and relation != "parent"):
        return None
    attribute = kinship(relation)
    weight = _WEIGHTS[attribute]
    shown = " ".join(w for w in f"{about} {word}".split() if w not in ("both", "dear", "lovely", "new", "only"))
    article = "" if plural or re.match(lexicon.NUMBER_WORDS + r"\b", shown) else "an " if shown[0] in "aeiou" else "a "
    if name is None:
        return Statement(f"Has {article}{shown}", attribute, shown, weight=weight, confidence=0.8)
    return Statement(
        f"Has {article}{shown} named {name}",
        attribute,
        name,
        weight=min(0.9, weight + 0.1),
        confidence=0.9,
        named=(("person", name, word),),
        closes=(("relationship_status", "single"),) if attribute == "partner" else (),
    )


_ATTRIBUTE_OF_VERB: Final = {
    "live": "residence", "moved": "residence", "work": "occupation", "study": "studies",
    "love": "likes", "like": "likes", "enjoy": "likes", "hate": "dislikes", "dislike": "dislikes", "play": "plays",
    "own": "owns", "have": "has", "has": "has", "is": "is", "are": "is", "was": "is", "were": "is",
}  # fmt: skip
_MORE_VERBS: Final = frozenset("love like enjoy hate dislike want prefer need know say come".split())
_ADVERBS: Final = re.compile(
    r"^\s*(?:who |that )?(?:(?:also|just|now|still|actually|both|all|currently|recently|always|really|finally|mostly|"
    r"usually|only|absolutely|even|sadly|already|happily) )*",
    re.IGNORECASE,
)
_NO_STATE: Final = frozenset(
    "going trying not so always very doing having getting coming visiting here there fine ok okay good great well nice "
    "the like just too sick mad angry sad happy upset tired proud super about on the best worst better amazing awesome "
    "pretty really my asleep home back calling cool funny sweet cute adorable yelling wonderful gone out up in".split()
)
_NO_REPORT: Final = frozenset(
    "says said told thinks thought knows wants asked keeps kept makes made gets got had".split()
)


def _of_other(relation: str, name: str | None, rest: str, plural: bool) -> list[Statement]:
    rest = _ADVERBS.sub("", rest)
    words = rest.split(maxsplit=1)
    if len(words) < 2:
        return _passed_away(relation, name, rest)
    verb, after = words[0].lower().strip(",."), words[1]
    if gone := _passed_away(relation, name, rest):
        return gone
    lemma = _lemma(verb, plural)
    if lemma is None or verb in _NO_REPORT:
        return []
    joined = "to " if after.startswith("to ") and lemma != "moved" else ""
    what = phrase(after, 8)
    if not what or (after.split()[0].lower() in _NO_STATE and lemma in ("is", "are", "was", "were")):
        return []
    if after.lower().startswith(("me ", "us ", "you ", "my ", "when ", "it ", "that ", "your ")):
        return []
    subject = f"{relation}:{name.lower()}" if name else relation
    who = f"{sentence_case(relation)} {name}" if name else sentence_case(relation)
    value = bare(re.sub(r"^(?:in|to|at|as|for|on)\s+", "", what))
    attribute = _ATTRIBUTE_OF_VERB.get(lemma, lemma)
    if lemma == "moved":
        place = re.match(r"(?:back |out |here )?to (?P<x>.+)", after)
        if place is None or not (value := phrase(place["x"], 5)):
            return []
        live = "live" if plural else "lives"
        return [Statement(f"{who} {live} in {value}", "residence", bare(value), subject=subject, weight=0.5)]
    if attribute == "is" and re.match(r"(?:an?|the) ", what) and _names_a_job(what):
        attribute = "occupation"
    return [
        Statement(
            f"{who} {verb} {joined}{turned(what)}", attribute, turned(value), subject=subject, weight=0.5,
            confidence=0.75,
        )
    ]  # fmt: skip


def _names_a_job(what: str) -> bool:
    return any(word in lexicon.OCCUPATIONS for word in what.lower().split())


def _passed_away(relation: str, name: str | None, rest: str) -> list[Statement]:
    return lost_person(relation, name) if _DIED.match(rest) else []


_DIED: Final = re.compile(
    r"\s*(?:has |have |had |just |recently |sadly )*(?:died|passed away|passed|is dead)\b", re.IGNORECASE
)


def lost_person(relation: str, name: str | None) -> list[Statement]:
    """The death of somebody the contact had."""
    who = f"{sentence_case(relation)} {name}" if name else sentence_case(relation)
    ends: tuple[tuple[str, str | None], ...] = ((kinship(relation), name or relation),)
    return [Statement(f"{who} died", "lost_person", name or relation, weight=0.85, confidence=0.9, closes=ends)]


def _lemma(word: str, plural: bool) -> str | None:
    """The verb a clause about somebody else begins with, as the table knows it, or None where it is no verb."""
    if word in ("is", "are", "was", "were", "has", "have", "moved"):
        return word
    verb = verb_of(word)
    if verb is None:
        return None
    if verb.form == "past":
        return word if is_event(word) else None
    if verb.form != ("base" if plural else "third") or not (tells(verb.base) or verb.base in _MORE_VERBS):
        return None
    return verb.base
