"""Signs of mood that need no statistics: emoji, the ways to say that one is bored, and words of emotion."""

import re
from typing import Final

from server.domain.words import Mood

_EMOJI: Final[tuple[tuple[Mood, str], ...]] = (
    ("happy", "😀😃😄😁😊🙂☺😇🥰😍😘❤💕💖💗💓💛💚💙💜🧡😌🤗👍🙏✨🌞😎🥲💪👏"),
    ("excited", "🎉🥳🤩🎊🚀🔥🙌😻🎈"),
    ("playful", "😂🤣😆😅😜😝😛😉😏🤪😹🙃😈🤭"),
    ("sad", "😢😭😞😔🙁☹😥😿💔🥺😓😩"),
    ("anxious", "😰😨😱😟😧😦😬🫣😖"),
    ("frustrated", "😤🙄😒😣😫🤦😑"),
    ("bored", "🥱😴💤"),
    ("angry", "😠😡🤬👿💢🖕"),
)
EMOJI_MOODS: Final[dict[str, Mood]] = {sign: mood for mood, signs in _EMOJI for sign in signs}

_FACES: Final[tuple[tuple[re.Pattern[str], Mood], ...]] = (
    (re.compile(r"[:=]'-?\(|:-?\(|=\(|\bT_T\b|;_;"), "sad"),
    (re.compile(r"[:;=]-?[pP]\b|\bx[dD]\b|;-?\)"), "playful"),
    (re.compile(r"[:=]-?[)D](?!\w)|<3"), "happy"),
    (re.compile(r">:-?\("), "angry"),
)

_SHOUTED: Final = 3

_BORED: Final = re.compile(
    r"\b(?:i ?'?a?m|im|feel(?:ing)?|so|too|getting|got|kinda|pretty|really|super|totally|"
    r"just|bit|bloody|dead) (?:so |a bit |"
    r"kinda |really |pretty |just |super |getting |totally )*(?:bored|boring|dull|listless)\b|"
    r"^\W*(?:meh|bored|boring|ya+w+n|dull)\b|"
    r"\b(?:bored (?:to (?:death|tears)|out of my|stiff|silly|rn|af|today|again|here|"
    r"at (?:home|work))|boredom|ya+w+n(?:ing)?|"
    r"so tedious|tedious|snoozefest|mind[- ]numbing(?:ly)?|watching paint dry|nothing "
    r"(?:(?:else |much |left |fun )?to do(?! with)|ever happens|going on|"
    r"interesting|is happening|new here)|same old(?:,? same old)?|same (?:thing|stuff) (?:every|day|again)|"
    r"(?:day|hour|time|lecture|meeting|class|weekend)s? (?:drags?|dragging|crawl(?:s|"
    r"ing)?)|dragg?ing on|killing time|"
    r"twiddling my thumbs|falling asleep (?:here|in)|entertain me|stuck (?:at home|inside) with nothing|"
    r"(?:is|was|are|were|feels?) (?:so |such a |really |a bit |pretty |kinda |too )*(?:boring|"
    r"monotonous|a drag|a bore|dreary))\b",
    re.IGNORECASE,
)
_NOT_BORED: Final = re.compile(
    r"\b(?:not|never|n't|isn't|wasn't|no longer|hardly|anything but)\s+(?:\w+\s+){0,2}(?:bored|"
    r"boring|dull|boredom|tedious)\b",
    re.IGNORECASE,
)

_EMOTION_WORDS: Final = re.compile(
    r"\b(?:love[ds]?|loving|hate[ds]?|amazing|awful|terrible|terrified|scared|afraid|"
    r"anxious|worried|panic\w*|cr(?:y|ied|ying)|"
    r"tears|heart ?broken|devastat\w+|depress\w+|lonely|grie(?:f|ving)|miss(?:ed|ing)?|"
    r"proud|thrilled|excited|ecstatic|"
    r"overjoyed|grateful|thankful|happy|happiest|joy|sad|upset|angry|furious|mad|hurt|"
    r"pain\w*|died|death|passed away|"
    r"funeral|cancer|hospital|accident|divorc\w+|pregnant|engaged|married|wedding|birth|"
    r"born|fired|promot\w+|dream|"
    r"stress\w*|overwhelm\w*|nervous|ashamed|guilty|regret\w*|hope(?:less)?|incredible|"
    r"wonderful|best day|worst)\b",
    re.IGNORECASE,
)


def sign_mood(text: str) -> tuple[Mood, int] | None:
    """The mood most of the emoji and faces of a text show, the later one at a tie, and how many show it."""
    counts: dict[Mood, int] = {}
    for sign in text:
        mood = EMOJI_MOODS.get(sign)
        if mood is not None:
            counts[mood] = counts.pop(mood, 0) + 1
    if not counts:
        for pattern, face_mood in _FACES:
            if pattern.search(text):
                return face_mood, 1
        return None
    most = max(counts.values())
    return [(mood, count) for mood, count in counts.items() if count == most][-1]


def marks_mood(text: str) -> Mood | None:
    """The mood that bare punctuation shows: three exclamation marks or more are excitement, all else says nothing."""
    return "excited" if text.count("!") + text.count("！") >= _SHOUTED else None


def says_bored(text: str) -> bool:
    """Whether the text says in words that its writer is bored."""
    return _BORED.search(text) is not None and _NOT_BORED.search(text) is None


def emotional(text: str) -> float:
    """How much a text speaks of emotion or of the events that move people: 0, 0.5 or 1."""
    return min(2, len(_EMOTION_WORDS.findall(text))) / 2
