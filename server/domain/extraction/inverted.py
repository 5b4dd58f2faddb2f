"""What is said the other way round: "all I eat is rice", "rice is what I eat", "the rice that I love"."""

import re
from typing import Final

from server.domain.extraction.english import phrase
from server.domain.extraction.verbs import verb_of

_VERB: Final = r"(?P<v>(?:(?:really|just|also|always|only|ever|usually|mostly|absolutely|truly|do|can) )*(?:{verbs}))"
_LIKING: Final = (
    "do not (?:really |even )?(?:like|enjoy|care for)|love|like|enjoy|adore|hate|dislike|despise|can not stand|fear"
)
_DOING: Final = (
    f"{_LIKING}|eat|drink|watch|read|listen to|play|collect|own|have|am good at|prefer|use|want|want to be|want to "
    f"become|am in|study|wear|cook|do|speak|write|"
    "am into|draw|paint|teach|sell|work with|graduated with|crave|need|drive|live in|work in|aspire to be|want to do"
)
_ALL_I: Final = re.compile(
    r"\b(?:all|what|everything|the (?:only |one )?(?:thing|food|drink|kind|place|music|sport|game|book|movie|animal|"
    r"job)s?(?: of "
    rf"\w+)?)(?: that)? I (?:ever )?{_VERB.format(verbs=_DOING)}(?: most| best| more than anything| now| for \w+)? "
    rf"(?:is|are|would be|'s) "
    r"(?P<x>.+)",
    re.IGNORECASE,
)
_IS_WHAT: Final = re.compile(
    r"(?:^|\b(?:but|and|because|so|think|though)\b |, ?)(?P<x>[\w' -]{2,40}?),? (?:is|are|was)(?: also| really| "
    r"basically| pretty much| mostly| about| literally)? "
    r"(?:all|what|something|the (?:only )?(?:thing|food|drink|color|place|one|music)s?|one (?:of the )?(?:thing|food|"
    r"color)s?|the (?:state|city|town|country|place|area)|"
    rf"things|an? \w+|part of what)(?: that)? I {_VERB.format(verbs=_DOING)}\b(?P<end>.*)",
    re.IGNORECASE,
)
_FRONTED: Final = re.compile(
    r"\b(?P<x>[\w'-]+(?: [\w'-]+){0,3}?),?(?P<that> that| which| who)? (?:I|we both|we) "
    + _VERB.format(verbs=_LIKING)
    + r"(?= ?$| ?,| (?:the most|most|the best|best|so much|a lot|very much|too|and|but|lol|as well|by the way)\b)",
    re.IGNORECASE,
)
_LIKED: Final = re.compile(
    r" (?:I|we|we both) (?:\w+ )?(?:love|like|enjoy|adore|hate|dislike|despise|can not stand|fear|not (?:\w+ "
    r")?(?:like|enjoy|care for))\b"
)
_MY_LOVE: Final = re.compile(
    r"\bmy (?:\w+ )?(?:(?P<good>love|passion|obsession|fondness|enthusiasm|appreciation|addiction|taste|craving)|"
    r"(?P<bad>hatred|"
    r"dislike|fear|lack of liking|aversion|phobia)) (?:of|for|to|with|is|are|has always been)(?: for)? (?P<x>.+)",
    re.IGNORECASE,
)
_ADDICTION: Final = re.compile(
    r"\bmy (?P<x>[\w' -]{3,30}?) (?:addiction|obsession|craving|cravings|habit)\b", re.IGNORECASE
)
_PERSON: Final = re.compile(
    r"\bI (?:am|have always been) (?:(?P<not>not |no )|(?:more of|definitely|really|just|also|such|kind of|both|always|"
    r"honestly) "
    r")*(?:an? |the )?"
    r"(?:(?:big|huge|total|bit of an?|real|massive) )*(?P<x>(?!not\b|no\b)[\w' -]{2,30}?) "
    r"(?:person|guy|girl|lover|fan|buff|"
    r"fanatic|junkie|addict|"
    r"enthusiast|nerd|geek|freak|nut)\b(?P<of> of (?P<y>.+))?",
    re.IGNORECASE,
)
_NOT_LIKED: Final = frozenset(
    """
    morning night evening it that this them they what thing things one ones all he she you we i me him her which
    who something someone
    everything
    anything people guy guys girl man woman so but and as like if because think guess know say sure yes no yeah
    only reason way
    time day family good great nice bad big huge old young tall short happy shy simple normal regular lucky private
    busy social very
    nicest only hard kind same quiet lazy boring creative average free loud
    """.split()
)
_EDGES: Final = re.compile(
    r".*\b(?:is|are|was|were|have|has|had|do|does|did|can|will|would|to|of|in|on|at|with|for|from|and|or|but|because|so|that|if|"
    r"when|some|any|all|my|your|the|a|an|yes|no|yeah|well|oh|also|really|sure|not|eat|got|get|see|make|watch|play|"
    r"like|than|then)\b ?",
    re.IGNORECASE,
)


def inverted(sentence: str) -> list[str]:
    """Predicates of "I" that a sentence holds in another order, put right: "love rice"."""
    found = []
    if " I do" in sentence:
        found += compared(sentence)
    if "but" in sentence or "except" in sentence or "other than" in sentence or "besides" in sentence:
        found += _excepted(sentence)
    if "nothing" in sentence and (best := _NOTHING_BETTER.search(sentence)):
        found.append(f"love {best['x']}")
    if "as much as" in sentence and (also := _AS_MUCH.match(sentence)):
        found.append(f"love {also['x']}")
    if (
        " me " in sentence
        and (taught := _TAUGHT.search(sentence))
        and not _NOT_TAUGHT.search(sentence[: taught.start()])
    ):
        found.append(f"{'can' if taught['can'] else 'love'} {taught['x']}")
    if " me" in sentence and (fired := _FIRED.search(sentence)):
        found.append(f"got fired{fired['x']}")
    return found or _turned_about(sentence)


_FIRED: Final = re.compile(
    r"\b(?:they|he|she|boss|company|work|employer|manager|bosses) (?:have |has |just |recently |also )*"
    r"(?:fired|sacked|laid off) me\b(?P<x>.*)",
    re.IGNORECASE,
)


_NOTHING_BETTER: Final = re.compile(
    r"\bnothing (?:(?:that )?I (?:really )?(?:like|love|enjoy) (?:more|better) than|(?:is )?(?:better|greater|nicer) "
    r"than|beats) "
    r"(?P<x>\w.+)",
    re.IGNORECASE,
)
_AS_MUCH: Final = re.compile(
    r"^(?:almost|nearly|just|maybe)? ?as much as (?:I (?:love|like|enjoy) )?(?!I\b|you|it\b|that\b|"
    r"possible)(?P<x>[\w' ]+)$",
    re.IGNORECASE,
)
"""The end of "I love it": "almost as much as jazz"."""

_TAUGHT: Final = re.compile(
    r"\b(?:(?P<can>(?:taught|teaches|is teaching|showed) me (?:how )?to)|got me (?:really |so )?(?:into|hooked on|"
    r"addicted to|started on)) "
    r"(?P<x>\w+.*)",
    re.IGNORECASE,
)
"""Who taught somebody what: that somebody can do it now."""

_NOT_TAUGHT: Final = re.compile(r"\b(?:never|not|could|would|should|if|can|you|wish|hope)\b", re.IGNORECASE)


def compared(sentence: str) -> list[str]:
    """ "Do you like rain as much as I do?" tells that one does."""
    match = _AS_I_DO.search(sentence)
    if match is None or not (what := phrase(match["x"], 5)):
        return []
    return [f"{match['v'].lower()} {what}"]


def _excepted(sentence: str) -> list[str]:
    """ "I eat anything but olives" tells of olives."""
    match = _EXCEPT.search(sentence)
    if (
        match is None
        or not (what := phrase(match["x"], 4))
        or what.split()[0].lower() in ("i", "when", "my", "if", "for", "to", "that")
    ):
        return []
    return [f"dislike {what}"]


_AS_I_DO: Final = re.compile(
    r"\b(?P<v>love|like|enjoy|hate|dislike|watch|eat|play|drink|read|wear|collect|live|work|listen)s? (?P<x>[^,?]+?),? "
    r"(?:as much as|just like|like|as well as|the way|more than|less than|as) I do\b",
    re.IGNORECASE,
)
_EXCEPT: Final = re.compile(
    r"\bI [^,]*\b(?:all|any|anything|everything|most|almost anything)\b[^,]*?,? (?:except|but|other than|besides|"
    r"apart from|"
    r"except for|excluding)(?: for| maybe)? (?P<x>[\w' -]+)",
    re.IGNORECASE,
)


def _turned_about(sentence: str) -> list[str]:
    again = " I " in sentence
    if again and (match := _ALL_I.search(sentence)):
        if not re.match(r"(?:to|that|how|what|if|you|for|not)\b", match["x"], re.IGNORECASE):
            return [f"{_plain(match['v'])} {match['x']}"]
        if re.match(r"to \w+", match["x"], re.IGNORECASE) and re.search(r"\b(?:do|want)\b", match["v"], re.IGNORECASE):
            return [f"like {match['x']}"]
    if again and (match := _IS_WHAT.search(sentence)):
        thing = _thing(match["x"])
        return [f"{_plain(match['v'])} {thing}"] if thing else []
    if _LIKED.search(sentence) and (match := _FRONTED.search(sentence)):
        thing = _thing(match["x"]) if not re.search(r"\bI\b", match["x"]) else ""
        return [f"{_plain(match['v'])} {thing}"] if thing else []
    lowered = sentence.lower()
    if "my" in lowered:
        if (match := _MY_LOVE.search(sentence)) and not re.match(r"(?:you|it|that|so|my)\b", match["x"], re.IGNORECASE):
            return [f"{'love' if match['good'] else 'dislike'} {match['x']}"]
        if (match := _ADDICTION.search(sentence)) and _thing(match["x"]):
            return [f"like {match['x']}"]
    if match := _PERSON.search(sentence):
        thing = phrase(match["y"] if match["of"] else match["x"], 5)
        if set(thing.lower().split()) & _NOT_LIKED:
            return []
        return [f"{'dislike' if match['not'] else 'like'} {thing}"] if thing else []
    return []


def _plain(verb: str) -> str:
    return re.sub(
        r"^(?:(?:really|just|also|always|only|ever|usually|mostly|absolutely|truly|do|can) )+(?=\w)", "", verb
    )


def last_thing(sentence: str) -> str:
    """The thing a sentence ends on, which "it" and "them" may stand for next; "" where it ends on none."""
    what = _thing(phrase(_tail(sentence), 3))
    first, _, rest = what.partition(" ")
    if rest and (verb := verb_of(first.lower())) is not None and verb.form in ("base", "third"):
        what = rest
    return "" if not what or _NO_LAST.search(what) else what


_NO_LAST: Final = re.compile(
    r"\b(?:wow|different|okay|it|its|same|like|love|years|time|times|alone|ago|before|after|lot|thing|things|mind|life|work|good|great|cool|nice|fun|awesome|too|also|much|lol|haha|day|today|now|well|ok|hi|hello|hey|one|there|here|doing|name|"
    r"sure|busy|tired|right|true|bad|interesting|amazing|back|home|about|I|am|up|out|\w+ly)$|\b(?:you|your|how|what)\b",
    re.IGNORECASE,
)


_LOOK_BACK: Final = 80
"""Characters in which the thing at the end of some words is looked for."""


def _tail(words: str) -> str:
    words = words[-_LOOK_BACK:]
    edge = _EDGES.match(words)
    return words[edge.end() :] if edge else words


def _thing(words: str) -> str:
    """The thing at the end of some words, or "" where it is none."""
    what = phrase(_tail(words.strip() + " ").strip(), 4)
    parts = what.lower().split()
    return what if parts and parts[-1] not in _NOT_LIKED and parts[0] not in _NOT_LIKED else ""
