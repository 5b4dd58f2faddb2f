"""What somebody is, said in passing: "as a nurse", "vegan like me", "being short", "a tattoo on my arm"."""

import re
from typing import Final

from server.domain.extraction import lexicon
from server.domain.extraction.being import being
from server.domain.extraction.english import phrase, turned
from server.domain.extraction.statement import Statement
from server.domain.extraction.working import work

_WORDS: Final = "|".join(
    sorted(lexicon.KINDS | lexicon.OCCUPATIONS | {"student", "gluten free"}, key=len, reverse=True)
)
_ADJECTIVE: Final = r"(?:very |so |really |too |quite |much too |both )?"
_AS_A: Final = re.compile(
    rf"\b(?:as|being) an? (?P<x>(?:\w+ ){{0,2}}?(?:{_WORDS}))\b(?! (?:and|or|of)\b)", re.IGNORECASE
)
_AS_SOMETHING: Final = re.compile(
    r"^(?:[\w\s]{0,12}, ?)?(?:so |well |and |but )?as (?P<x>an? [\w ]{3,30}),(?=.*\b(?:I|we|my)\b)", re.IGNORECASE
)
_LIKE_ME: Final = re.compile(
    rf"\b(?P<x>(?:an? )?(?:\w+ )?(?:{_WORDS}))s?,? (?:just )?(?:like (?:me|myself|I am)|as (?:me|I am)|as well as "
    rf"myself)\b",
    re.IGNORECASE,
)
_COMPARES: Final = re.compile(r" (?:like|as) (?:me|i|myself)\b|well as myself")
_BEING: Final = re.compile(
    rf"\b(?:I|my|me)\b.*\bbeing {_ADJECTIVE}(?P<x>{_WORDS})\b|"
    rf"\bbeing {_ADJECTIVE}(?P<y>{_WORDS})\b(?=.*\b(?:I|my|me)\b)",
    re.IGNORECASE,
)
_DIET: Final = re.compile(
    r"\b(?:my (?:\w+ )?|we (?:\w+ )?|fellow )(?P<x>vegan|vegetarian|pescatarian|kosher|keto|gluten free)s?\b(?! "
    r"(?:friend|sister|brother|"
    r"wife|husband|daughter|son|mom|dad|mother|father|cousin|roommate|girlfriend|boyfriend))",
    re.IGNORECASE,
)
_DIETS: Final = ("vega", "vegetar", "pescat", "kosher", "keto", "gluten")
_MY_DIET: Final = re.compile(
    r"\bmy diet (?:is|has to be|must be) (?:mostly )?(?P<x>vegan|vegetarian|keto|kosher|gluten free)\b", re.IGNORECASE
)
_ON_MY_SKIN: Final = re.compile(
    r"\b(?P<x>(?:an?|the|\d+|two|three|this|some) (?:[\w'-]+ ){0,3}?(?:tattoos?|piercings?|scars?|birthmarks?|"
    r"freckles))"
    r"(?= (?:on|in|of) (?:my|each of my)\b)(?P<on> on my \w+)?",
    re.IGNORECASE,
)
_MY_POST: Final = re.compile(
    r"\bmy (?:(?:new|current|day|night|part time|full time|dead end|dull|boring|desk|office|great|little) )*(?:job|"
    r"shift|work|position|internship|desk|"
    r"career|boss|coworkers?) (?P<p>at|with|for) (?P<x>(?!(?:the )?(?:moment|home|night|least|all|now|work|me|fun|a "
    r"while|lunch|you)\b)\w.*)",
    re.IGNORECASE,
)
_MY_BODY: Final = re.compile(
    r"\bmy (?:own |local |new |little )*(?P<x>(?:(?!and\b|the\b|to\b|is\b|of\b|in\b|parents?\b|mother|father|mom\b|"
    r"dad\b|sister|brother|friends?\b)[\w-]+ ){0,3}?(?:church choir|church|choir|book club|congregation|mosque|"
    r"synagogue|bowling "
    r"league|"
    r"orchestra|sorority|fraternity|softball team|hockey team|soccer team|football team|baseball team|knitting "
    r"group))\b",
    re.IGNORECASE,
)
_NO_LONGER: Final = re.compile(
    r"\b(?:quit|left|lost|hate to leave|former|used|was|were|had|old|last|first|if|would)\b", re.IGNORECASE
)
_NOT_YET: Final = re.compile(
    r"\b(?:want|wanted|would|hope|hoping|plan|dream|future|wish|like to|going to|try|trying|study|studying|become|"
    r"was|were|if|"
    r"degree|not|never|used|worked|dressed|dress|up|considered|she|he|they|her|his|career|job as|school|you|your|start|"
    r"child|"
    r"fired|quit|retired)\b",
    re.IGNORECASE,
)
_EARLIER: Final = re.compile(r"\b(?:child|kid|teen|teenager|baby|boy|girl|youth|young)\b", re.IGNORECASE)


def roles(sentence: str) -> list[Statement]:
    """What a sentence says its writer is, without "I am"."""
    if (
        " my " in f" {sentence}"
        and (post := _MY_POST.search(sentence))
        and not _NO_LONGER.search(sentence[: post.start()])
    ):
        return _of_work(f"work {post['p']} {post['x']}")
    if " my " in sentence and (body := _MY_BODY.search(sentence)) and not _NO_LONGER.search(sentence):
        group = body["x"].lower()
        article = "an" if group[0] in "aeiou" else "a"
        return [Statement(f"Belongs to {article} {group}", "member_of", group, weight=0.4, confidence=0.6)]
    if match := _AS_SOMETHING.match(sentence):
        return _am(match["x"]) if not _EARLIER.search(match["x"]) else []
    lowered = sentence.lower()
    if alike := like_me(sentence):
        return alike
    if ("as a" in lowered or "being a" in lowered) and (match := _AS_A.search(sentence)):
        said = sentence[: match.start()]
        if re.search(r"\b(?:I|my)\b", sentence) and not _NOT_YET.search(said) and not _EARLIER.search(match["x"]):
            return _am(f"a {match['x']}")
    if (
        "being" in sentence
        and (match := _BEING.search(sentence))
        and not re.search(
            r"\b(?:you|she|he|they|him|her|not|if|about|people)\b[^,]*being|\bbeing (?:his|her|their)\b", sentence
        )
    ):
        return _am(match["x"] or match["y"])
    if "my" in lowered and (match := _ON_MY_SKIN.search(sentence)):
        shown = re.sub(r"^(?:the|this) ", "a ", match["x"], flags=re.IGNORECASE)
        where = turned(match["on"] or "")
        return [Statement(f"Has {shown}{where}", "appearance", f"{shown}{where}", weight=0.5, confidence=0.75)]
    if any(diet in lowered for diet in _DIETS) and (
        (match := _DIET.search(sentence)) or (match := _MY_DIET.search(sentence))
    ):
        return _am(match["x"])
    return []


_WORK: Final = re.compile(r"work (?P<how>at|with|for) (?P<x>.+)")


def _of_work(words: str) -> list[Statement]:
    """Where somebody works, from "my job at …"."""
    match = _WORK.match(words)
    return work(match, False) if match is not None else []


def like_me(sentence: str) -> list[Statement]:
    """What somebody is by likening another: "a vegan like me"."""
    if (
        _COMPARES.search(sentence.lower()) is None
        or (match := _LIKE_ME.search(sentence)) is None
        or re.search(r"\b(?:not|if)\b", sentence[: match.start()]) is not None
    ):
        return []
    return _am(match["x"])


_AM: Final = re.compile(r"am (?P<x>.+)")


def _am(words: str) -> list[Statement]:
    what = phrase(words, 5)
    match = _AM.match(f"am {what}") if what else None
    return being(match, False) if match else []
