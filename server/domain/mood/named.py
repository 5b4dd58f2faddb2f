"""Feelings that a text denies ("I'm not happy", "isn't funny") or names: what the fitted models get wrong."""

import re
from typing import Final

from server.domain.words import Mood

_DENIED: Final[tuple[tuple[str, Mood], ...]] = (
    ("happy|glad|pleased|satisfied|thrilled|impressed|amused|proud|grateful|okay with|fond", "happy"),
    ("excited|hyped|psyched|stoked|pumped|looking forward", "excited"),
    ("funny|hilarious|amusing|joking|kidding", "playful"),
    ("sad|unhappy|depressed|upset|heartbroken|lonely|crying|sorry", "sad"),
    ("scared|afraid|worried|nervous|anxious|terrified|frightened|stressed", "anxious"),
    ("annoyed|frustrated|annoying|frustrating|bothered|disappointed|bad|terrible|awful", "frustrated"),
    ("angry|mad|furious|pissed|outraged", "angry"),
)
_MOOD_OF: Final[dict[str, Mood]] = {word: mood for words, mood in _DENIED for word in words.split("|")}

_AND_SO: Final = (
    r"(?:(?:feel(?:ing)?|felt|be|been|really|very|so|too|all|that|even|exactly|particularly|at all|a bit|quite|super|"
    r"actually|overly|terribly|entirely|as|just|pretty|kinda|getting|such|more)\s+){0,3}"
)
_WORD: Final = rf"({'|'.join(_MOOD_OF)})\b"
_DENIAL: Final = re.compile(
    r"(?:\b(?:not|never|neither|no longer|far from|anything but|aint|isnt|wasnt|arent|dont feel|didnt feel)|n't)\s+"
    + _AND_SO
    + _WORD
)
_FRUSTRATED: Final = re.compile(
    r"\b(?:i'm|im|i am|i feel|i felt|i was|we're|we are|feeling|so|how|really|very)\s+"
    + _AND_SO
    + r"(?:frustrat(?:ed|ing)|annoy(?:ed|ing)|irritat(?:ed|ing)|fed up)\b"
)

_INSTEAD: Final[dict[Mood, Mood]] = {
    "happy": "frustrated",
    "playful": "frustrated",
    "excited": "neutral",
    "sad": "neutral",
    "angry": "neutral",
    "anxious": "happy",
    "frustrated": "happy",
}
"""What is most often meant where a mood is denied."""
_NUDGE: Final = 1.0
_NAMED: Final = 2.0
_RULED_OUT: Final = -8.0


def corrections(text: str) -> dict[Mood, float]:
    """What to add to the score of a mood, in logits, for feelings that the text denies or names outright.

    A denied mood is ruled out and what is most often meant instead gains. Frustration that is named gains, because
    the comments that the models were fitted on call it sadness as often.
    """
    plain = text.lower().replace("’", "'")
    found: dict[Mood, float] = {}
    denied: set[Mood] = {_MOOD_OF[word] for word in _DENIAL.findall(plain)}
    if "happy" in denied:
        denied.add("excited")
    for mood in denied:
        found[mood] = _RULED_OUT
        found[_INSTEAD[mood]] = found.get(_INSTEAD[mood], 0.0) + _NUDGE
    if "frustrated" not in denied and _FRUSTRATED.search(plain):
        found["frustrated"] = found.get("frustrated", 0.0) + _NAMED
    return found
