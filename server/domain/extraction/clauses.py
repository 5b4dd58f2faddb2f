"""Where a sentence says what is so: its predicates after "I", without questions, wishes, hearsay and make-believe."""

import re
from itertools import islice
from typing import Final

from server.domain.extraction.verbs import HABITUAL, tells, verb_of

_MOST_ANCHORS: Final = 12
_LOOK_BACK: Final = 60
_CLOSE: Final = 30
"""Bounds on the work one sentence can ask for: its "I"s, and the characters looked at before each."""

_ANCHOR: Final = re.compile(r"\b(?:I|we|We|WE)\b")
_BLOCKED: Final = re.compile(
    r"\b(?:if|whether|unless|imagine|suppose|supposing|pretend|wish|wishes|what|where|"
    r"when|who|whom|how|why|which|should|would|could|shall|may|might|(?<!\bI )(?:do|did|does|can|am|are|have|had|was|"
    r"were|"
    r"will)(?! ?,)|"
    r"think|thinks|"
    r"thought|says|said|say|says that|told|claims|believes|(?:feels?|felt|looks?|seems?|sounds?|not) like|sings?|"
    r"goes|lyrics?|titled|"
    r"so that|before|as|than|everything|everyone|all|until|once|hope|guess|that|things|something|"
    r"bet|think that|maybe|perhaps|thinking|since|suggests?|told (?:me|him|her|them|us)|asked|yelled|shouted|texted|"
    r"pretending|assuming|time|only|dreamed|dreamt|dream that|dreamed that|wonder|she "
    r"says|he says|they say|character|in the (?:game|story|movie|book))\s*[:,]?\s*$",
    re.IGNORECASE,
)
_SOFT: Final = frozenset(
    (
        "before",
        "where",
        "which",
        "something",
        "that",
        "think",
        "guess",
        "when",
        "since",
        "once",
        "all",
        "time",
        "bet",
        "as",
        "why",
        "only",
    )
)
"""Words before "I" that do not always make it unreal: "I think I am shy", "since I live in Rome"."""

_HYPOTHESIS: Final = re.compile(
    r"\b(?:if|wish|imagine(?! dragons?\b)|suppose|pretend|unless|what if|as if|as though|hypothetically|"
    r"in a dream|in another life|just kidding|jk|kidding)\b",
    re.IGNORECASE,
)
_JOKE: Final = re.compile(
    r"^(?:(?:lol|haha|ha|oh|ok|no|nah|but)[\s,]*)*(?:(?:I am |I was )?(?:just |only |totally )?(?:kidding|joking|"
    r"teasing|trolling)"
    r"|jk|j k|psych|yeah right|sarcasm|april fools?)\b[\s\w]{0,12}$|^(?:lol |haha )?(?:not|as if)$",
    re.IGNORECASE,
)
_NEXT_CLAUSE: Final = re.compile(
    r"\s+so (?=(?:I|we|my|it|he|she|they|you|that|now|then|when|if|please|what|do|are|is|how|not sure|no)\b)|"
    r"\s+(?:but|because|cause|cuz|so that|although|though|while|whereas|unless|if|when|"
    r"until|which)\s+|(?<!\bpeople)(?<!\bsomeone)(?<!\bmen)(?<!\bguys)(?<!\bthose)(?<!\bfriends)\s+who\s+|\s*[,;:]\s*(?:but|so|because|when|if|which|who)\s+",
    re.IGNORECASE,
)
_AMBIGUOUS: Final = frozenset(
    "fish dance run walk swim bike camp travel hike fly cook work game sleep stay box ski surf bowl golf play sing "
    "help "
    "exercise practice paint draw read write use watch lift date dress hit train drive race code program weave row "
    "sail "
    "judge edit tour chew bite design support coach follow train visit".split()
)
_PLAIN_VERBS: Final = "|".join(sorted(HABITUAL - _AMBIGUOUS))
_CONTINUED: Final = re.compile(
    r"(?:(?:,\s*|\s+)(?:and|but)\s+|,\s*(?:even |also )*)(?:also |then |I |we |now |"
    r"still |just |really |even )*(?=(?:am|have|had|like|love|enjoy|hate|dislike|"
    r"do not|can|can not|scared of|afraid of|allergic to|go to|want|grew up|moved|used to|would like|prefer|adopted|"
    r"watch|read|write|play|"
    rf"dance|sing|cook|travel|run|work|study|got|{_PLAIN_VERBS})\b)",
    re.IGNORECASE,
)
_DOING: Final = re.compile(
    r"\s+(?:just |here |and |while |also )*(?=(?:eating|drinking|watching|listening "
    r"to|reading|playing|making|studying|wearing|sipping|cooking|baking|relaxing|chilling|sitting|hanging|enjoying|"
    r"having|taking|working|living|jamming|trying) )",
    re.IGNORECASE,
)
_TAKES_DOING: Final = re.compile(
    r"(?:^|\b(?:love|like|enjoy|hate|dislike|prefer|started?|finish(?:ed)?|stopp?(?:ed)?|quit|of|into|about|than|from|for|by|to|with|"
    r"am|are|was|an?|the|this|been|be|not|without|spend|keep|my|in|at|always|just|time|mind|avoid|practice))$",
    re.IGNORECASE,
)
"""What may stand before "eating" without a new clause beginning there."""


_LOVED_WHEN: Final = re.compile(
    r"^(?P<v>(?:really |also |just |absolutely )*(?:do not |never )?(?:love|like|hate|enjoy|dislike)) (?:it )?when "
    r"(?=(?:it|people|my|"
    r"the|everyone)\b)",
    re.IGNORECASE,
)
_SUBORDINATE: Final = re.compile(r"\W*(?:if|when|unless|until|who|which|while|so)\b", re.IGNORECASE)


def _doings(part: str) -> list[str]:
    pieces: list[str] = []
    for piece in _DOING.split(part):
        if pieces and _TAKES_DOING.search(pieces[-1].rstrip(" ,")):
            pieces[-1] += f" {piece}"
        else:
            pieces.append(piece)
    return pieces


_WE_SAY: Final = re.compile(
    r"^(?:(?:have |just |recently |also |both |all |currently |finally |really )*)(?:live|moved|have|own|adopted|got|"
    r"are (?:having|living|out in|in|both|going|vegetarians?|vegans?|at|a|all|from|"
    r"moving|vegan|vegetarian|married|engaged|expecting|having)|bought|grew up|work|broke up|split up|love|hate|like|"
    r"go to|"
    r"study|raise|got married|rescued|lost|do not have|enjoy|started|went|visited|met|eat|drink|watch|ate|watched|"
    r"just|play|play|can|need|want|sell|farm|grow|share|both)\b",
    re.IGNORECASE,
)


def joking(sentence: str) -> bool:
    """Whether a sentence takes back, as a joke, what was said before it."""
    return _JOKE.match(sentence) is not None


_KIDDING: Final = re.compile(
    r"^\W*(?:(?:lol|haha|ha|oh|ok|no|nah|but|sorry)\b[\s,!.]*)*(?:I(?:'m| am|m)? ?(?:was )?)?(?:just |only |totally "
    r")?(?:kidding|joking|jk|just kidding|"
    r"messing with you|teasing)\b[\s\w,!.:)]{0,25}$",
    re.IGNORECASE,
)


def is_joke(message: str) -> bool:
    """Whether a message says nothing but that the one before it was a joke."""
    return len(message) < 80 and _KIDDING.match(message) is not None


def real(sentence: str) -> str:
    """The part of a sentence that is not imagined: what stands before "if" may be real, what follows is not."""
    hypothesis = _HYPOTHESIS.search(sentence)
    if hypothesis is None:
        return sentence
    before = sentence[: hypothesis.start()]
    if hypothesis[0].lower() in ("just kidding", "jk", "kidding"):
        return ""
    after = _BACK_TO_EARTH.search(sentence, hypothesis.end()) if hypothesis[0].lower() in _WISHES else None
    rest = f", {real(sentence[after.end() :])}" if after else ""
    return f"{before.strip()}{rest}" if "would" not in before.lower().split() else rest.lstrip(", ")


_BACK_TO_EARTH: Final = re.compile(r"(?:,|,? but|,? since|,? because) (?=(?:I|my|we|our) )", re.IGNORECASE)
_WISHES: Final = frozenset(("wish", "imagine"))


def told_beside(sentence: str, marked: bool) -> str:
    """What a sentence that asks tells as well: before the question, or after one that has no mark of its own."""
    before = before_question(sentence)
    if before or marked:
        return before
    answer = _OWN_ANSWER.search(sentence)
    return sentence[answer.start("x") :] if answer else ""


_OWN_ANSWER: Final = re.compile(
    r"(?:,\s*|(?<!think)(?<!if)(?<!that)(?<!what)(?<!where)(?<!when)(?<!how)(?<!as)(?<!like)(?<!than)(?<!because)(?<!why)(?<!know)\s)"
    r"(?P<x>(?:I (?:really |also |always |just |personally |only )?(?:am|like|love|have|hate|enjoy|prefer|live|work|"
    r"want|play|do not|drink|eat)|"
    r"my (?:favorite|name)|mine|(?:that|it|those|they|these) (?:is|are) (?:also )?(?:one of )?my favorite|(?:that|it|"
    r"those) (?:is|are) mine)\b.*)"
)


def before_question(sentence: str) -> str:
    """What a question says before it asks ("I love cats, and you?")."""
    parts = _ASKING.split(sentence)
    if len(parts) < 2:
        return ""
    said = ", ".join(parts[:-1])
    return "" if _INTERROGATIVE.match(said) else said


_ASKING: Final = re.compile(
    r",\s*|\s+(?=(?:and )?(?:do|are|have|what|how|did|would|can|is|where|who|why|when|whats) (?:you|"
    r"your|about|is|are|do|does)\b)|\s+(?=you$|and you$|yours$)"
)
_ASKS_YOU: Final = re.compile(
    r"^(?:(?:so|and|but|well|oh|ok|okay|cool|nice|hi|hello|hey|haha|lol|yes|yeah|no|definitely|great|awesome|wow)\b[\s,]*)*"
    r"(?:(?:do|did|are|have|were|can|could|would|will|should) (?:you|u|your|yall|they|he|she)\b|"
    r"(?:what|whats|where|who|whos|how|why|which|when)(?: (?:\w+ ){0,2}?| ?'?s )?(?:is|are|s|do|did|does|about|kind|"
    r"type|would)? ?"
    r"(?:of )?(?:\w+ )?(?:you|your|u|ur|yours)\b|how about\b|what about\b)",
    re.IGNORECASE,
)


def asks(sentence: str) -> bool:
    """Whether a sentence without a question mark asks all the same: "whats your favorite food"."""
    return _ASKS_YOU.match(sentence) is not None


_INTERROGATIVE: Final = re.compile(
    r"(?:(?:so|and|but|well|oh|cool|nice|hi|hello)\b[\s,]*)*(?:do|did|does|are|is|have|what|how|why|where|who|when|which|can|"
    r"could|would|should|am|was|were|will|shall|may|whats)\b",
    re.IGNORECASE,
)


_DOCTOR: Final = re.compile(
    r"\bmy (?:doctors?|therapist|dentist) (?:says?|said|thinks?|told me|tells me)(?: that)?\s*$", re.IGNORECASE
)
"""Whose word on somebody's health is as good as their own."""

_OF_HEALTH: Final = re.compile(r" (?:(?:have|can|need|must|should)\b|am (?!in\b|at\b|from\b|on\b))")


def predicates(sentence: str) -> list[tuple[str, str]]:
    """What hangs on each "I" or "we" that is meant in earnest: pairs of what stands before it and a predicate."""
    found: list[tuple[str, str]] = []
    anchors = list(islice(_ANCHOR.finditer(sentence), _MOST_ANCHORS))
    after = 0
    for number, anchor in enumerate(anchors):
        left = sentence[max(0, anchor.start() - _LOOK_BACK) : anchor.start()]
        blocked = _BLOCKED.search(left[-_CLOSE:])
        if blocked and blocked[0].strip(" :,").lower() not in _SOFT and not _DOCTOR.search(left):
            continue
        if blocked and _DOCTOR.search(left) and not _OF_HEALTH.match(sentence[anchor.end() :]):
            continue
        until = anchors[number + 1].start() if number + 1 < len(anchors) else len(sentence)
        before, after = sentence[max(after, anchor.start() - _LOOK_BACK) : anchor.start()], anchor.end()
        for predicate in _cut(sentence[anchor.end() : until]):
            if anchor[0] == "I":
                found.append((before, predicate))
            elif _WE_SAY.match(predicate) or _we_do(predicate):
                found.append((before, re.sub(r"^are\b", "am", predicate)))
    return found


_FIRST_VERB: Final = re.compile(
    r"(?:(?:just|recently|also|both|all|currently|finally|really|often|sometimes|usually|always) )*(?P<v>[a-z]+)",
    re.IGNORECASE,
)


def _we_do(predicate: str) -> bool:
    first = _FIRST_VERB.match(predicate)
    verb = verb_of(first["v"].lower()) if first else None
    return verb is not None and verb.form in ("base", "past") and tells(verb.base)


def _cut(words: str) -> list[str]:
    """The predicates that hang on one "I": cut at the next clause, and at "and" before a verb."""
    parts: list[str] = []
    for continued in _CONTINUED.split(words.strip()):
        if _LOVED_WHEN.match(continued):
            parts.append(_LOVED_WHEN.sub(r"\g<v> when ", continued))
            continue
        clauses = _NEXT_CLAUSE.split(continued, maxsplit=1)
        parts += _doings(clauses[0])
        if len(clauses) > 1 and _SUBORDINATE.match(continued[len(clauses[0]) :]):
            # What follows hangs on somebody else, or on a condition.
            break
    return [p.strip(" ,") for p in parts if p.strip(" ,")]
