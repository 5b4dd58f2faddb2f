"""English text made plain for the rules: contractions opened, sentences and clauses cut, pronouns turned about."""

import re
from typing import Final

from server.domain.extraction.dispatch import words_of

_APOSTROPHES: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), by)
    for pattern, by in (
        (r"[’`´]", "'"),
        (r"\bcan't\b", "can not"),
        (r"\bwon't\b", "will not"),
        (r"\bi'll\b", "I will"),
        (r"\bi'd (?=(?:been|never|always|had|just)\b)", "I had "),
        (r"\bi'd\b", "I would"),
        (r"\b(we|they|you)'re\b", r"\1 are"),
        (r"\b(we|they|you)'ve\b", r"\1 have"),
        (r"\b(\w+)'ll\b", r"\1 will"),
        (r"\b(it|that|he|she|there|here|what|who|where|how)'s\b", r"\1 is"),
    )
)
_SPACED: Final = re.compile(r"(?<! ) +([,.!?;:])")
_OPENED: Final[tuple[tuple[frozenset[str], re.Pattern[str], str], ...]] = tuple(
    (frozenset(cues.split()), re.compile(pattern, re.IGNORECASE), by)
    for cues, pattern, by in (
        ("im m", r"\bi\s?[';]?\s?m\b", "I am"),
        ("ive ve", r"\bi'? ?ve\b", "I have"),
        ("cant t cannot", r"\bcan'?t\b|\bcannot\b", "can not"),
        ("wont t wo", r"\bwon'?t\b|\bwo not\b", "will not"),
        ("ca can", r"\bca not\b|\bcan t\b", "can not"),
        (
            "t dont doesnt didnt isnt wasnt arent werent havent hasnt hadnt couldnt wouldnt shouldnt",
            r"\b(do|does|did|is|was|are|were|have|has|had|could|would|should)n(?:'?| )t\b",
            r"\1 not",
        ),
        ("ain aint ai", r"\bai ?n'?t\b|\bai not\b", "am not"),
        (
            "its",
            r"\bits (?=(?:my|an?|the|so|not|very|really|just|too|always|been|called|because)\b)",
            "it is ",
        ),
        ("been", r"\bi been\b", "I have been"),
        ("rather", r"\bi (?=rather\b)", "I would "),
        ("dr mr mrs ms st prof", r"\b(dr|mr|mrs|ms|st|prof)\s?\.\s?(?=\w)", r"\1 "),
        (
            "fav fave favorit favourite",
            r"\bfav(?:e|orit|ourite)?\b(?:\s?[.,] ?(?=colou?r|band|food|movie|song|book)|)",
            "favorite",
        ),
        (
            "most number go",
            r"\b(?:most (?:liked|loved)|number one|go to) (?=color|band|food|drink|movie|song|book|place|snack|meal)",
            "favorite ",
        ),
    )
)
"""What stands for what, each tried only on a text with one of its cue words (see `words_of`)."""

_SENTENCES: Final = re.compile(r"[^.!?;\n]+(?:\.(?=\w)[^.!?;\n]+)*[.!?;\n]*")
_QUOTED: Final = re.compile(r"\"[^\"]*\"|“[^”]*”|«[^»]*»|(?m:^>.*$)")


_SPELLED: Final = {
    "gonna": "going to", "wanna": "want to", "gotta": "have to", "neighbour": "neighbor", "colour": "color", "i": "I",
    "colours": "colors", "neighbours": "neighbors",
}  # fmt: skip
_SPELLED_WORDS: Final = frozenset(_SPELLED)
_SPELLINGS: Final = re.compile(rf"\b(?:{'|'.join(_SPELLED)})\b", re.IGNORECASE)


def opened(text: str) -> str:
    """The text with contractions written out ("I'm" and "im" become "I am"), quotations taken out, spaces tidied."""
    text = _QUOTED.sub(" ", text)
    if "'" in text or "’" in text or "`" in text or "´" in text:
        for pattern, by in _APOSTROPHES:
            text = pattern.sub(by, text)
    if " ." in text or " ," in text or " !" in text or " ?" in text or " ;" in text or " :" in text:
        text = _SPACED.sub(r"\1", text)
    words = words_of(text)
    for cues, pattern, by in _OPENED:
        if not cues.isdisjoint(words):
            text = pattern.sub(by, text)
    if not _SPELLED_WORDS.isdisjoint(words):
        text = _SPELLINGS.sub(lambda match: _SPELLED[match[0].lower()], text)
    return " ".join(text.split(" ")).strip()


def sentences(text: str) -> list[tuple[str, bool]]:
    """The sentences, each with whether it is a question."""
    found = []
    for piece in _SENTENCES.findall(text):
        body = piece.rstrip(" .!?;\n")
        if body.strip():
            found.append((body.strip(), "?" in piece[len(body) :]))
    return found


_HERE: Final[dict[str, str]] = {
    "my": "their",
    "our": "their",
    "mine": "theirs",
    "ours": "theirs",
    "me": "them",
    "us": "them",
    "myself": "themselves",
    "ourselves": "themselves",
}


_OWN: Final = re.compile(r"\b(?:my|our|mine|ours|me|(?<!\bthe )us|myself|ourselves)\b", re.IGNORECASE)


def turned(words: str) -> str:
    """A phrase in the third person: "my old car" becomes "their old car"."""
    return _OWN.sub(lambda m: _HERE[m[0].lower()], words)


_STOP_AT: Final = re.compile(
    r"(?<=\S)(?:\s*[,:()].*|\s+-\s.*|\s+(?:because|cause|cuz|but|so|when|whenever|while|"
    r"if|since|though|although|until|who|which|where|"
    r"whose|than|as (?:long|soon|well|if|I|a|an|my|you|he|she|it|at)|even|except|and "
    r"(?:I|it|we|he|she|they|you|that|then|also|now|my)|"
    r"that(?! (?:is|are) (?:not |really |very |high |low |full |made )?(?!why|what|how|so\b|my|the|it|all|great|good|"
    r"cool|awesome|nice|not|really|very|an?\b|true|because|where|when|too|pretty|just|one)\w+)|"
    r"I|you|he|she|they|we|it is|what|how|do you|are you|does|about you|(?:every|each|"
    r"at|all|last|next|this|these|on|in the|during the) "
    r"(?:day|days|week|weekend|weekends|month|year|years|morning|mornings|night|nights|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday|"
    r"evening|summer|winter|spring|fall|time)|right now|nowadays|anymore|any more|at "
    r"the moment|lol|haha|haha+|ll|tho|too|"
    r"very much|so much|a lot(?! of)|all my life|most of my life|my (?:whole|entire) life|more than|for (?:the "
    r"(?:last|past)|years|good|now|ever|a while|fun(?= *$| and | "
    r"but |,)|a living|\w+ "
    r"years)|to be honest|tbh|(?<!being )myself|(?<! that )(?:is|are)|was|were|will|can|would|"
    r"(?:\w+ )?(?:years?|months?|weeks?|days?) ago|yesterday|today|tomorrow|tonight)\b.*)$",
    re.IGNORECASE,
)
_LEADING: Final = re.compile(
    r"^(?:me some |me a |to |that |just |really |very |so much |so many |(?:way |far )?too (?:much|many) |so |some "
    r"|any |such |of |about |even |only |mostly |mainly |especially |particularly |including |counting |etc |"
    r"(?:things|stuff) like |(?:a |the )?(?:(?:whole )?lots?|tons?|pair|pairs|variety|handful|bottle|plate|bunch|"
    r"couple|glass|cup|bit|bowl|piece|slice|"
    r"kinds?|types?|all kinds?) of |lots of |all kinds of |most )+(?=\w)",
    re.IGNORECASE,
)
_TRAILING: Final = re.compile(
    r"(?:\s+(?:as|and|or|not|the|a|an|to|of|in|on|at|with|for|by|my|too|also|really|just|yet|"
    r"either|already|again|today|tonight|"
    r"yesterday|now|there|here|though|actually|honestly|lately|recently|always|sometimes|"
    r"usually|please|from|it|also|"
    r"even|still|much|almost|plus|etc|about|at the age|then|one day|some ?day|eventually|thanks|please|right now|lol|"
    r"haha|"
    r"anyway|last (?:week|month|year|"
    r"night)|this (?:week|month|year|morning)))+$",
    re.IGNORECASE,
)
_TOO_MUCH: Final = re.compile(r"^\s*(?:way |far |a bit )?too (?:much|many) (?=\w)", re.IGNORECASE)
_LONGEST_OBJECT: Final = 11
_EMPTY: Final = frozenset(
    "it that this them you him her those these one ones some all me us so too there "
    "here what something anything "
    "everything nothing stuff things thing to the a an any and do be not lot".split()
)


def phrase(words: str, longest: int = _LONGEST_OBJECT) -> str:
    """The noun or verb phrase at the start of `words`, without what hangs on; "" where it means nothing."""
    cut = _STOP_AT.sub("", " " + _TOO_MUCH.sub("", words)).strip()
    cut = _LEADING.sub("", cut)
    cut = " ".join(cut.split()[:longest]).strip(" ,-'\"")
    cut = _TRAILING.sub("", cut)
    if cut.lower() in _EMPTY or not any(c.isalnum() for c in cut):
        return ""
    return cut


_ARTICLE: Final = re.compile(r"^(?:a|an|the|my|our|some|their)\s+", re.IGNORECASE)


def bare(words: str) -> str:
    """The phrase without its article."""
    return _ARTICLE.sub("", words).strip()


def sentence_case(words: str) -> str:
    """The first letter in capitals, the rest left alone."""
    return words[:1].upper() + words[1:]


PROPER: Final = re.compile(r"[A-Z][\w'.-]*(?:(?: (?:de|la|of|upon|am))? [A-Z][\w'.-]*)*")
"""A name as it is written: words with capitals, and the little ones between them."""
