"""Statements the contact makes about itself and its people, found by rules in English text."""

import re
from itertools import islice
from typing import Final

from server.domain.extraction.english import bare, opened, phrase, sentences, turned
from server.domain.extraction.possessions import possessions
from server.domain.extraction.self_rules import RULES
from server.domain.extraction.statement import Statement

MOST: Final = 4
"""Statements kept of one text: the weightiest."""

_MOST_SENTENCES: Final = 60
_LONGEST_SENTENCE: Final = 600
_MOST_ANCHORS: Final = 12
_LOOK_BACK: Final = 60
"""Bounds on the work one message can ask for: sentences, characters of each, and "I"s in it."""

_ANCHOR: Final = re.compile(r"\b(?:I|we|We|WE)\b")
_BLOCKED: Final = re.compile(
    r"\b(?:if|whether|unless|imagine|suppose|supposing|pretend|wish|wishes|what|where|"
    r"when|who|whom|how|why|which|do|did|does|"
    r"should|would|could|can|am|are|have|shall|may|might|had|was|were|will|think|thinks|"
    r"thought|says|said|say|says that|told|claims|believes|like|"
    r"before|as|than|everything|everyone|all|until|once|hope|guess|that|things|something|"
    r"bet|think that|maybe|perhaps|thinking|since|suggests?|"
    r"pretending|assuming|time|only|dreamed|dreamt|dream that|dreamed that|wonder|she "
    r"says|he says|they say|character|in the (?:game|story|movie|book))\s*$",
    re.IGNORECASE,
)
_SOFT: Final = frozenset(("that", "think", "guess", "when", "since", "once", "all", "time", "bet", "as", "why"))
"""Words before "I" that do not always make it unreal: "I think I am shy", "since I live in Rome"."""

_HYPOTHESIS: Final = re.compile(
    r"\b(?:if|wish|imagine|suppose|pretend|unless|what if|as if|as though|hypothetically|"
    r"in a dream|just kidding|jk|kidding)\b",
    re.IGNORECASE,
)
_ADVERBS: Final = re.compile(
    r"^(?:(?:really|also|just|still|usually|actually|always|only|even|now|currently|"
    r"absolutely|totally|simply|kinda|kind of|sort of|mostly|"
    r"definitely|truly|honestly|personally|often|sometimes|normally|generally|recently|"
    r"already|both|all|do|did|too|then|have always|"
    r"have been(?! to| in| a| an|\s+\w+ (?:deaf|blind|single|married))|probably|especially|"
    r"basically|literally|mainly|sure|sure do|certainly|happen to|tend to|like to go|"
    r"proudly|secretly|finally|once|myself|have just)\s+)+(?=\w)",
    re.IGNORECASE,
)
_AUXILIARY: Final = re.compile(
    r"^(?P<be>am|have|was|can)\s+(?:really|also|just|still|usually|actually|always|only|"
    r"even|now|currently|absolutely|totally|definitely|kinda|kind of|sort of|pretty "
    r"much|already|happily|recently|finally)\s+",
    re.IGNORECASE,
)
_FIXED: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), by)
    for pattern, by in (
        (r"^(?:really |just |also )?can not stand\b", "hate"),
        (r"^(?:really |just |also )?can not (?:get enough of|live without|resist|stop eating)\b", "love"),
        (r"^(?:do|did) not (?:really |much )?care (?:much |too much |a lot |about )?(?:for)?\b", "dislike"),
        (r"^(?:just )?(?:got done|finished|got finished|am done|got through) (?=\w+ing\b)", ""),
        (r"^would rather\b", "prefer to"),
        (r"^(?:could|would) not (?:live|be|do|survive) without\b", "love"),
        (r"^am not (?:really |very |too |so )?(?:keen on|big on|into)\b", "dislike"),
    )
)
_NEGATION: Final = re.compile(
    r"^(?P<aux>do|did|am|was|can|have|will|could|would|should|are)?\s*(?:really |just "
    r"|still )?(?:not|never|no longer)\s+(?:really |even |particularly |actually |ever "
    r"|much |currently |yet )*",
    re.IGNORECASE,
)
_UNREAL: Final = re.compile(r"^(?:would|could|should|might|may|will|must|had better|wish|had wished)\b", re.IGNORECASE)
_WANTED: Final = re.compile(r"^would (?:really |absolutely |just )*(?:love|like) to\b", re.IGNORECASE)
_NEXT_CLAUSE: Final = re.compile(
    r"\s+(?:but|because|cause|so that|so|although|though|while|whereas|unless|if|when|"
    r"until|who|which)\s+|\s*[,;:]\s*(?:but|so|because|when|if|which|who)\s+",
    re.IGNORECASE,
)
_CONTINUED: Final = re.compile(
    r"(?:(?:,\s*|\s+)(?:and|but)\s+|,\s*(?:even |also )*)(?:also |then |I |we |now |"
    r"still |just |really |even )*(?=(?:am|have|had|live|work|like|love|enjoy|hate|dislike|"
    r"do not|can|can not|study|go to|play|"
    r"want|own|watch|read|eat|drink|collect|speak|grew up|moved|used to|write|teach|"
    r"dance|sing|cook|bake|travel|listen|run|would like|prefer|adopted)\b)",
    re.IGNORECASE,
)
_DOING: Final = re.compile(
    r"\s+(?:just |here |and |while |also )*(?=(?:eating|drinking|watching|listening "
    r"to|reading|playing|making|studying|wearing|sipping|cooking|baking) )",
    re.IGNORECASE,
)
_HERE_IN: Final = re.compile(r"\b(?:here|back home|home) in (?P<x>.+)", re.IGNORECASE)
_WHERE_I_LIVE: Final = re.compile(
    r"\bin (?P<x>[\w' ]{2,30}?),? where I (?P<v>live|am|am from|grew up|work)\b", re.IGNORECASE
)
_NOTHING: Final = re.compile(r"^(?:it|that|this|you|them|him|her|so|too|to)?\W*$", re.IGNORECASE)
_WE_SAY: Final = re.compile(
    r"^(?:live|moved|have|own|adopted|got|are (?:from|moving|vegan|vegetarian|married|"
    r"engaged)|bought|grew up|work|broke up|split up|love|hate|like|go to|study|raise|"
    r"got married)\b",
    re.IGNORECASE,
)


def statements(text: str) -> list[Statement]:
    """What the text states about its writer and its people, at most `MOST`, in the order said.

    Questions, hypotheses, wishes, quotations and other people's lives are not facts about the writer.
    """
    found: list[Statement] = []
    asked = ""
    for sentence, question in sentences(opened(text))[:_MOST_SENTENCES]:
        sentence = sentence[:_LONGEST_SENTENCE]
        if question and (about := _ASKED.search(sentence)):
            asked = phrase(about["x"], 4)
        elif asked:
            sentence = _ANSWERED.sub(lambda m, thing=asked: f"{m['v']} {thing}", sentence)  # type: ignore[misc]
        found += _in_sentence(_with_subject(sentence), question)
    return _weightiest(found)


_ASKED: Final = re.compile(
    r"\bdo you (?:like|love|enjoy|watch|eat|drink|play|have|listen to|read|prefer) (?:to "
    r")?(?:any )?(?P<x>[\w' -]+)",
    re.IGNORECASE,
)
_ANSWERED: Final = re.compile(
    r"(?P<v>\bI (?:(?:really|do|absolutely|just|do not|also|so) )*(?:love|like|enjoy|"
    r"hate|dislike|adore|eat|watch|play)) (?:it|them|that|those)\b",
    re.IGNORECASE,
)
_ELLIPSIS: Final = re.compile(
    r"^(?P<lead>(?:(?:well|yes|yeah|yep|no|nope|nah|oh|ah|ok|okay|hi|hey|hello|so|and|"
    r"but|lol|haha|cool|nice|great|wow|me too|same here|same|sure|not much|not bad|awesome|"
    r"good|thanks|thank you)\b[\s,]*)*)"
    r"(?P<do>(?:just |currently |also |really |only |still |mostly |usually )*)(?P<v>love|"
    r"like|enjoy|hate|live in|live on|live with|live near|work at|work as|work in|work "
    r"for|have (?:a|an|two|three|my)|got (?:a|an|my)|been married|"
    r"studying|learning|eating|drinking|watching|listening to|reading|wearing|playing|"
    r"grew up|used to|want to|am|can not|not married|married to|listen to|play|collect)\b",
    re.IGNORECASE,
)


def _with_subject(sentence: str) -> str:
    """A sentence that leaves its "I" out ("Love hiking") with it put back."""
    match = _ELLIPSIS.match(sentence)
    if match is None:
        return sentence
    verb = match["v"].lower()
    if verb.endswith("ing") or verb == "listening to" or verb.startswith(("married", "not married")):
        verb = f"am {verb}"
    elif verb == "been married":
        verb = "have been married"
    return f"{match['lead']}I {match['do']}{verb}{sentence[match.end() :]}"


def _in_sentence(sentence: str, question: bool) -> list[Statement]:
    if question:
        sentence = _before_question(sentence)
        if not sentence:
            return []
    hypothesis = _HYPOTHESIS.search(sentence)
    if hypothesis is not None:
        # What stands before "if" may be real ("I live in Rome, if you wonder"); what follows is not.
        sentence = sentence[: hypothesis.start()]
        if re.search(r"\bwould\b", sentence) or not sentence.strip():
            return []
    found: list[Statement] = []
    anchors = list(islice(_ANCHOR.finditer(sentence), _MOST_ANCHORS))
    for number, anchor in enumerate(anchors):
        left = sentence[max(0, anchor.start() - _LOOK_BACK) : anchor.start()]
        blocked = _BLOCKED.search(left)
        if blocked and blocked[0].strip().lower() not in _SOFT:
            continue
        until = anchors[number + 1].start() if number + 1 < len(anchors) else len(sentence)
        for predicate in _predicates(sentence[anchor.end() : until]):
            if anchor[0] != "I" and not _WE_SAY.match(predicate):
                continue
            found += _of_predicate(predicate if anchor[0] == "I" else re.sub(r"^are\b", "am", predicate))
    return found + possessions(sentence) + _places(sentence) + _as_a(sentence)


_AS_A: Final = re.compile(r"^(?:[\w\s]{0,12}, ?)?(?:so |well |and |but )?as (?P<x>an? [\w ]{3,30}),", re.IGNORECASE)


def _as_a(sentence: str) -> list[Statement]:
    """What somebody speaks as: "As a nurse, I …"."""
    match = _AS_A.match(sentence)
    if match is None or not re.search(r"\b(?:I|we|my)\b", sentence[match.end() :]):
        return []
    return _of_predicate(f"am {match['x']}")


def _places(sentence: str) -> list[Statement]:
    """Where somebody is, said in passing: "here in Leeds", "in Leeds, where I live"."""
    lives = _WHERE_I_LIVE.search(sentence)
    if lives and (place := phrase(lives["x"], 4)):
        return [Statement(f"Lives in {turned(place)}", "residence", bare(place), weight=0.7)]
    here = _HERE_IN.search(sentence)
    if here and (place := phrase(here["x"], 4)) and not place.lower().startswith(("a ", "my ", "this", "bed")):
        return [Statement(f"Is in {turned(place)}", "whereabouts", bare(place), weight=0.45, confidence=0.6)]
    return []


def _before_question(sentence: str) -> str:
    """What a question says before it asks ("I love cats, and you?")."""
    parts = re.split(
        r",\s*|\s+(?=(?:do|are|have|what|how|did|would|can|is|where|who|why|when) (?:you|"
        r"your|about|is|are|do)\b)|\s+(?=you$|and you$|yours$)",
        sentence,
    )
    if len(parts) < 2:
        return ""
    said = ", ".join(parts[:-1])
    return (
        ""
        if re.match(
            r"(?:do|did|does|are|is|have|what|how|why|where|who|when|which|can|could|would|should|"
            r"am|was|were|will|shall|may)\b",
            said,
            re.IGNORECASE,
        )
        else said
    )


def _predicates(words: str) -> list[str]:
    """The predicates that hang on one "I": cut at the next clause, and at "and" before a verb."""
    clause = _NEXT_CLAUSE.split(words.strip(), maxsplit=1)[0]
    parts = [piece for part in _CONTINUED.split(clause) for piece in _DOING.split(part)]
    return [p.strip(" ,") for p in parts if p.strip(" ,")]


def _of_predicate(predicate: str) -> list[Statement]:
    predicate = _ADVERBS.sub("", predicate)
    for pattern, by in _FIXED:
        predicate = pattern.sub(by, predicate)
    if _WANTED.match(predicate):
        predicate = _WANTED.sub("want to", predicate)
    negated = False
    negation = _NEGATION.match(predicate)
    if negation:
        negated = True
        aux = (negation["aux"] or "").lower()
        rest = predicate[negation.end() :]
        predicate = f"{aux} {rest}" if aux in ("am", "was", "can", "have") else rest
        if aux in ("will", "would", "could", "should"):
            return []
    elif re.search(r"\b(?:anymore|any more|any longer)\b", predicate):
        negated = True
    if _UNREAL.match(predicate):
        return []
    predicate = _AUXILIARY.sub(r"\g<be> ", predicate)
    predicate = _ADVERBS.sub("", predicate)
    for pattern, maker in RULES:
        match = pattern.match(predicate)
        if match is None or _NOTHING.match(match.groupdict().get("x") or "nothing"):
            continue
        made = maker(match, negated)
        if made:
            return made
    return []


def _weightiest(found: list[Statement]) -> list[Statement]:
    kept: list[Statement] = []
    for statement in sorted(found, key=lambda s: (-s.weight * s.confidence, -len(s.content))):
        if len(kept) == MOST:
            break
        if not any(_covers(other, statement) for other in kept):
            kept.append(statement)
    order = {id(s): place for place, s in enumerate(found)}
    return sorted(kept, key=lambda s: order[id(s)])


def _covers(kept: Statement, other: Statement) -> bool:
    """Whether `other` says nothing that `kept` does not: the same words about the same subject."""
    if kept.subject != other.subject:
        return False
    words = set(other.content.lower().split()) - {"a", "an", "the", "has", "is"}
    return words <= set(kept.content.lower().split()) or (kept.attribute, kept.value.lower()) == (
        other.attribute,
        other.value.lower(),
    )
