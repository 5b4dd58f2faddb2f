"""What somebody thinks of a thing: "kale is delicious", "clowns scare me", "traffic makes me angry"."""

import re
from typing import Final

from server.domain.extraction import lexicon
from server.domain.extraction.english import bare, phrase, turned
from server.domain.extraction.statement import Statement

_GOOD: Final = (
    r"the best(?! way)|the (?:coolest|greatest|cutest|tastiest|bomb|shit)|awesome|amazing|delicious|yummy|tasty|"
    r"fantastic|fabulous|incredible|great|fun|wonderful|lovely|beautiful|gorgeous|perfect|excellent|brilliant|"
    r"adorable|so good|so cute|so cool|cool|good|nice|relaxing|addictive|addicting|interesting|yum"
)
_BAD: Final = (
    r"the worst|gross|disgusting|boring|terrible|awful|horrible|nasty|overrated|annoying|stupid|scary|creepy|evil|"
    r"yucky|a pain|too (?:loud|spicy|sweet|scary|boring)|not (?:really )?(?:my|for me|my thing)|not my (?:thing|"
    r"style|favorite|"
    r"cup of tea)"
)
_MUCH: Final = (
    r"(?:(?:really|so|very|just|also|pretty|always|simply|totally|absolutely|definitely|quite|still|super|too|such|"
    r"by far|one of) )*"
)
_MINE: Final = (
    r"(?:always |also |really |actually |totally |more |just )*my (?:\w+ )?(?:thing|passion|jam|specialty|specialties|"
    r"hobby|life|obsession|weakness|love|joy|"
    r"best friends?|friends|life work|preference|pleasure|guilty pleasure|choice|downfall|comfort food|go to|drink "
    r"of choice|color|team|cup of tea|"
    r"hero|idol)\b|(?:for|with) me\b"
)
_JUDGED: Final = re.compile(
    rf"(?:^|,|\b(?:think|believe|but|and|because|though|say|find|as|guess|yes|yeah|that|since|well|so|know)\b) ?"
    rf"(?P<x>[\w'& -]{{2,45}}?)(?P<be> is| are| tastes| smells| looks| sounds|'s|)"
    rf" (?:(?P<good>{_MUCH}(?:{_GOOD}|{_MINE})\b)|(?P<bad>{_MUCH}(?:{_BAD})\b)|(?P<rocks>rocks?|rules?)\b|"
    r"(?P<sucks>sucks?|stinks?)\b)"
    r"(?P<after>.*)",
    re.IGNORECASE,
)
_JUDGING: Final = re.compile(
    r"\b(?:is|are|tastes|smells|looks|sounds|rocks?|rules?|sucks?|stinks?)\b|'s", re.IGNORECASE
)
_MOVES: Final = re.compile(
    r"(?:^|, ?|\b(?:and|but|because|think|that|yes|well|so|lol) )(?P<x>[\w' -]{2,35}?) (?:really |just |always |do |"
    r"does )*"
    r"(?:(?:makes?|made) (?:me|my \w+) (?:so |very |really |feel |a little )*(?P<f>happy|smile|calm|calmer|relaxed|"
    r"laugh|"
    r"better|alive|good|sad|sick|nervous|angry|awkward|fussy|gassy|crazy|nauseous|mad|cry|anxious|hurt|uncomfortable|itch|sneeze|puke|gag)|"
    r"(?P<bad>scares?|bores?|annoys?|bothers?|disgusts?|terrif(?:y|ies)|freaks?|irritates?|stresses) me\b|"
    r"(?P<mad>drives?) me (?:nuts|crazy|insane|mad|up the wall)\b|"
    r"(?P<good>fascinates?|interests?|inspires?|relax(?:es)?|calms?|excites?|amuses?|soothes?|helps?|motivates?|"
    r"keeps?) "
    r"me(?: (?:relax|unwind|calm|sane|going|happy))?\b)",
    re.IGNORECASE,
)
_NO_SUBJECT: Final = frozenset(
    """
    it that this they them he she you we i which what who these those there here everything life things thing day today
    tomorrow weather your yours mine one none all such so how where time work weekend night morning something nothing
    anything everyone someone people name idea which sounds sound not is are was be his her their its way doing
    everybody nobody luck one two three four five six seven eight nine ten eleven twelve noon midnight monday tuesday
    wednesday thursday friday saturday sunday rest job question answer choice point news plan plans only really
    very just must
    """.split()
)
_PEOPLE: Final = lexicon.RELATIVES.keys() | lexicon.PLURALS.keys()
"""Whoever is called lovely is a person, not a taste."""

_LEAD: Final = re.compile(
    r"^(?:.*\b(?:I|because|but|that|well|yes|yeah|yep|no|oh|ok|okay|lol|haha|wow|so|hi|hello|hey|me too|think|know|"
    r"agree|guess|believe|say|cool|sure|ah|hmm|true|also|nice|sorry|is|are|find|like|love|prefer|if|though)\b)?"
    r"\s*(?:and |the |a |an |some |all |most |any |my |our |listening to |watching )*",
    re.IGNORECASE,
)
_ENDS_WELL: Final = re.compile(
    r"^\s*(?:$|[,.!]|and\b|but\b|so\b|too\b|though\b|for me|to me|because|I\b|lol|haha|ever|also|when|if|on|with|in "
    r"the)",
    re.IGNORECASE,
)
_JOY: Final = frozenset("happy smile calm calmer relaxed laugh better alive good".split())


_COLOR: Final = re.compile(
    r"\bthe color (?P<x>(?:(?:dark|light|bright|navy|hot|deep) )?(?:red|blue|green|yellow|black|white|purple|pink|"
    r"orange|brown|gr[ae]y|gold|silver|teal|"
    r"turquoise))\b",
    re.IGNORECASE,
)
_NO_COLOR: Final = re.compile(
    r"\b(?:you|your|not|hate|dislike|disdain|toward|against|never|her|his|their|is the color)\b", re.IGNORECASE
)


def opinions(sentence: str, topic: str) -> list[Statement]:
    """What a sentence praises or runs down; a bare "it" stands for the topic of the sentence before."""
    if "the color" in sentence and (hue := _COLOR.search(sentence)) and not _NO_COLOR.search(sentence):
        return _taste(f"the color {hue['x'].lower()}", True, 0.45)
    moved = _MOVES.search(sentence) if " me" in sentence or " my" in sentence else None
    if moved is not None:
        helped = moved["good"] is not None and re.match(r"(?:helps?|keeps?)", moved["good"], re.IGNORECASE) is not None
        what = _subject(moved["x"], "" if helped else topic)
        good = moved["good"] is not None or (moved["f"] or "").lower() in _JOY
        return _taste(what, good, 0.45) if what else []
    match = _JUDGED.search(sentence) if _JUDGING.search(sentence) else None
    if match is None:
        return []
    what = _subject(match["x"], "" if match["be"] in ("", "'s") and not match["rocks"] else topic)
    if not match["be"] and not (match["rocks"] or match["sucks"]):
        return []
    if not what or (match["good"] and not _ENDS_WELL.match(match["after"])):
        return []
    strong = match["rocks"] or "my" in (match["good"] or "").split() or "best" in (match["good"] or "")
    if (
        match["good"]
        and match["good"].split()[-1].lower() in ("good", "nice", "cool", "interesting", "great")
        and (what == topic or len(what.split()) > 3)
    ):
        return []
    return _taste(what, bool(match["good"] or match["rocks"]), 0.45 if strong else 0.35)


def _subject(words: str, topic: str) -> str:
    """The thing judged, in its own words or as the topic that "it" stands for; "" where it is no thing."""
    plain = words.strip()
    if plain.lower().split()[-1] in ("it", "that", "they", "this", "those", "these"):
        return topic
    what = bare(phrase(_LEAD.sub("", plain), 5))
    parts = what.lower().split()
    if (
        set(parts) & _PEOPLE
        or (len(parts) == 1 and parts[0] in lexicon.PETS and not parts[0].endswith("s"))
        or not parts
        or parts[0] in _NO_SUBJECT
        or parts[-1] in _NO_SUBJECT
        or "you" in parts
        or "your" in parts
    ):
        return ""
    return what


def _taste(what: str, good: bool, weight: float) -> list[Statement]:
    shown = turned(what)
    attribute, other, verb = ("likes", "dislikes", "Likes") if good else ("dislikes", "likes", "Dislikes")
    return [
        Statement(
            f"{verb} {shown}", attribute, shown, type="preference", weight=weight, confidence=0.55,
            closes=((other, shown),),
        )
    ]  # fmt: skip
