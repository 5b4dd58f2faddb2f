"""Sentences that leave their "I" out: "Love hiking", "just finishing my soup", "went to the lake"."""

import re
from typing import Final

from server.domain.extraction import lexicon
from server.domain.extraction.verbs import is_event, tells, verb_of

_LEAD: Final = (
    r"^(?P<lead>(?:(?:well|yes|yeah|yep|no|nope|nah|oh|ah|ok|okay|hi|hey|hello|so|and|but|lol|haha|cool|nice|great|"
    r"wow|me too|"
    r"same here|same|sure|not much|not bad|not too bad|awesome|good|thanks|thank you|hmm|pretty good|doing well|"
    r"doing good|"
    r"congrats|sweet|fun)\b[\s,]*)*)"
)
_PLAIN: Final = re.compile(
    _LEAD
    + r"(?P<do>(?:just |currently |also |really |only |still |mostly |usually )*)(?P<v>love|like|enjoy|hate|live in|"
    r"live on|live with|live near|work at|work as|work in|work for|have (?:a|an|two|three|my)|got (?:a|an|my|\w+ "
    r"(?:dogs|cats|"
    r"kids))|been married|grew up|used to|want to|am|can not|not married|married to|listen to|play|collect|moved to|"
    r"married|"
    r"graduated|craving|born in|born and raised|would love to|would rather|prefer|single|never been|in (?:high "
    r"school|college|"
    r"(?:\w+ )?grade)|not a (?:big )?fan of)\b(?! you\b)",
    re.IGNORECASE,
)
_DONE: Final = re.compile(
    _LEAD
    + r"(?P<do>(?:just |currently |also |really |only |still |mostly |usually |here |busy |sitting here |recently )*)"
    r"(?P<v>[a-z]+)\b(?P<rest> .+)",
    re.IGNORECASE,
)
_HAD: Final = "|".join(
    sorted({*lexicon.PLURALS, *lexicon.PETS, *lexicon.RELATIVES, "tattoos", "piercings"}, key=len, reverse=True)
)
_COUNTED: Final = re.compile(
    _LEAD + rf"(?P<do>(?:just |only |about |me and |just me and )*)"
    rf"(?P<x>{lexicon.NUMBER_WORDS} (?:[\w-]+ ){{0,2}}?(?:{_HAD}))\b"
    r"(?! (?:is|are|was|were|has|have|can|will|would|of)\b)(?!.*\byou\b)",
    re.IGNORECASE,
)
_NONE: Final = re.compile(
    _LEAD + rf"(?<!\w)(?:have )?(?:no|not any) (?P<x>{_HAD}|hobbies|car|job|family|friends|allergies|boyfriend)\b"
    r"(?= (?:for me|yet|here|of my own|"
    r"at all|right now|myself|lol|and|but|or|just|though)\b|,|$)",
    re.IGNORECASE,
)
_HERE: Final = re.compile(
    rf"^(?:\w+[ ,]+)?(?P<x>(?:\w+ )?(?:student|{'|'.join(sorted(lexicon.OCCUPATIONS))})) here\b", re.IGNORECASE
)
_NEEDS_AM: Final = ("married", "not married", "single", "in ", "not a ")
_IS_SUBJECT: Final = re.compile(
    r"\b(?:is|are|was|were|makes?|can|helps?|sounds?|keeps?|would|will|has|gives?|takes?)\b", re.IGNORECASE
)
_FIRST_PERSON: Final = re.compile(r"\bI\b")
_YOURS: Final = re.compile(r"\byour?\b", re.IGNORECASE)


def with_subject(sentence: str) -> str:
    """A sentence that leaves its "I" out with it put back; any other unchanged."""
    match = _PLAIN.match(sentence)
    if match is not None:
        return f"{match['lead']}I {match['do']}{_finite(match['v'].lower())}{sentence[match.end() :]}"
    if counted := _COUNTED.match(sentence):
        return f"{counted['lead']}I have {sentence[counted.end('do') :]}"
    if none := _NONE.match(sentence):
        return f"{none['lead']}I do not have {none['x']}{sentence[none.end() :]}"
    if "here" in sentence and (trade := _HERE.match(sentence)):
        return f"I am a {trade['x']}"
    match = _DONE.match(sentence)
    if match is None:
        return sentence
    word = match["v"].lower()
    verb = verb_of(word)
    if verb is None or verb.form not in ("ing", "past"):
        return sentence
    before_next = _FIRST_PERSON.split(match["rest"], maxsplit=1)[0]
    if _IS_SUBJECT.search(before_next) or _YOURS.search(match["rest"]):
        return sentence
    if verb.form == "past" and not is_event(word):
        return sentence
    if verb.form == "ing" and not tells(verb.base) and verb.base not in ("have", "finish", "enjoy", "get"):
        return sentence
    return f"{match['lead']}I {'am ' if verb.form == 'ing' else ''}{match['do']}{word}{match['rest']}"


def _finite(verb: str) -> str:
    if verb == "craving" or verb.startswith(_NEEDS_AM):
        return f"am {verb}"
    if verb in ("been married", "never been"):
        return f"have {verb}"
    return f"was {verb}" if verb.startswith("born") else verb
