"""Set phrases of a predicate put plainly: "can not get enough of" becomes "love", "am employed by" "work at"."""

import re
from typing import Final

from server.domain.extraction import lexicon
from server.domain.extraction.dispatch import ByFirstWord

PHRASES: Final = ByFirstWord(
    (first, (re.compile(pattern, re.IGNORECASE), by))
    for first, pattern, by in (
        (
            "really just also do can",
            r"^(?:really |just |also |do )?can not (?:stand|bear|tolerate|handle|do)\b",
            "hate",
        ),
        (
            "really just also can",
            r"^(?:really |just |also )?can not (?:get enough of|live without|resist|stop eating|wait for|survive "
            r"without)\b",
            "love",
        ),
        (
            "can",
            r"^can (?:eat|drink|listen to|watch|read|play) (?=.*\b(?:all day|every day|over and over|over all day|"
            r"forever)\b)",
            "love ",
        ),
        (
            "do did not",
            r"^(?:do |did )?not (?:really |much |at all )?care (?:much |too much |a lot |at all )?(?:for|about)\b",
            "dislike",
        ),
        ("do care", r"^(?:do )?care (?:a lot |deeply |very much |so much )?(?:for|about)\b", "love"),
        ("do feel", r"^(?:do )?feel (?:very |so )?strongly about\b", "love"),
        ("just started began", r"^(?:just )?(?:started|began) (?=\w+ing\b)", "am "),
        (
            "just got finished am",
            r"^(?:just )?(?:got done|finished|got finished|am done|got through) (?=\w+ing\b)",
            "was ",
        ),
        ("would", r"^would rather\b", "prefer to"),
        ("prefer", r"^prefer to (?:prefer|have)\b", "prefer"),
        ("could would", r"^(?:could|would) not (?:live|be|do|survive) without\b", "love"),
        (
            "am",
            r"^am not (?:really |very |too |so |much )?(?:keen on|big on|into|interested in|fond of|crazy about)\b",
            "dislike",
        ),
        (
            "am",
            r"^am (?:not (?:(?:really|exactly|such|much of|quite) )*(?:an?|the)|no) (?:\w+ ){0,2}?(?:fan|lover) of\b",
            "dislike",
        ),
        (
            "am",
            r"^am (?:(?:really|very|so|just|kind of) )*(?:bored (?:of|with|at)|annoyed (?:by|with|at)|disgusted by)\b",
            "dislike",
        ),
        (
            "am",
            r"^am (?:(?:really|very|so|like|just|kind of|still|more|totally|super|mostly|pretty) )*(?:into|obsessed "
            r"with|infatuated with|loyal to|addicted to|hooked on|"
            r"all about|in love with|down with|down for|big on|a slave to|partial to|fascinated (?:by|with)|"
            r"interested in)\b",
            "love",
        ),
        (
            "am have",
            r"^(?:am|have been) (?:just |so |really |like )*(?:craving|dying for|hungry for|in the mood for|wanting|"
            r"jonesing for)\b",
            "want",
        ),
        ("could can", r"^(?:could|can) (?:really |sure |totally )?(?:use|go for|do with)\b", "want"),
        (
            "sure would",
            r"^(?:sure )?would (?:really |sure |absolutely )?(?:love|like|kill for) (?!to\b|if\b|that\b|it\b)",
            "want ",
        ),
        (
            "always have wanted dreamed dreamt",
            r"^(?:always |have always |have )?(?:wanted|dreamed|dreamt) (?:of|about) (?!to\b)",
            "want ",
        ),
        ("am", r"^am employed (?:at|by|with)\b", "work at"),
        ("was", r"^was (?:employed (?:at|by|with)|working (?:at|for))\b", "worked at"),
        ("had was have", r"^(?:had|have) worked (?=(?:at|for|as)\b)", "worked "),
        ("manage", r"^manage (?:the |a |an )(?=\w)", "manage a "),
        (
            "just recently arrived came moved",
            r"^(?:just |recently )?(?:arrived|came|moved) (?:here )?from\b(?!.* to\b)",
            "come from",
        ),
        ("can", r"^can not bring myself to\b", "can not"),
        (
            "learned taught",
            r"^(?:learned|taught myself)(?: how)? to\b(?! (?:love|like|live|be|hate|accept|appreciate|deal|enjoy|"
            r"trust|let)\b)",
            "can",
        ),
        ("scared afraid terrified allergic", r"^(?=(?:scared|afraid|terrified) of\b|allergic to\b)", "am "),
        ("am", r"^am (?=(?:born|raised)\b)", "was "),
        ("born", r"^(?=born\b)", "was "),
        (
            "have",
            r"^have lived (?=(?:in|on|at|near|by|with)\b.*\b(?:my (?:\w+ )?life|since|for (?:\w+ ){1,3}years))",
            "live ",
        ),
        ("am", r"^am interning (?=(?:at|for|with)\b)", "work "),
        ("had have", r"^(?:have )?had to (?:undergo|have|get) (?=.*\b(?:surgery|transplant|operation)\b)", "had "),
        (
            "have",
            r"^have (?:such )?(?:an?|this|my|some) (?:[\w]+ ){0,3}(?:love|passion|obsession|addiction|thing|crush|"
            r"appreciation|fondness|"
            r"fascination|affinity|liking|taste) (?:for|with|of|to|on|that is for)\b",
            "love",
        ),
        (
            "have",
            r"^have (?:such )?(?:an?|this|my|some) (?:[\w]+ ){0,3}(?:hatred|dislike|aversion|phobia|distaste) (?:for|"
            r"with|of|to)\b",
            "hate",
        ),
        ("have had", r"^(?:have|had) (?:so much |a lot of |lots of )?fun (?=\w+ing\b)", "like "),
        ("have did", r"^(?:have |did )?never (?:really |ever )?(?:liked|loved|enjoyed|like|enjoy)\b", "hate"),
        ("never", r"^never (?:really |ever )?(?:liked|loved|enjoyed|like|enjoy)\b", "hate"),
        (
            "liked loved enjoyed",
            r"^(?:liked|loved|enjoyed) (?!it\b|that\b|him\b|her\b|them\b|you\b|your\b|this\b|to\b|how\b|when\b)",
            "like ",
        ),
        (
            "hated disliked",
            r"^(?:hated|disliked) (?!it\b|that\b|him\b|her\b|them\b|you\b|your\b|this\b|to\b|how\b|when\b)",
            "hate ",
        ),
        ("am", r"^am (?:very |really |pretty |quite )?(?:active|involved) (?:on|in|with) ", "am in "),
        ("have", r"^have gone to\b", "have been to"),
        ("could", r"^could (?:really |sure |totally )?(?:eat|drink|devour) (?!you\b|it\b|that\b|a horse)", "love "),
        ("will", r"^will only (?=(?:eat|drink|wear|watch|listen|read|use|play)\b)", ""),
        ("have", r"^have never been able to\b", "can not"),
        ("am", r"^am not (?:really |exactly )?looking forward to\b", "dislike"),
        ("use", r"^use to\b", "used to"),
        ("am was", r"^(?:am|was) (?:always |usually )?(?:wearing|dressed in)\b", "wear"),
        ("took", r"^took up\b", "do"),
        (
            "get feel am",
            r"^(?:get|feel|am) (?:so |very |really |always )*(?:uncomfortable|nervous|anxious|uneasy|bored|angry|"
            r"annoyed|irritated|"
            r"stressed|grossed out|disgusted) (?:in|at|around|by|with|from|about|during|when it comes to)\b",
            "dislike",
        ),
        ("just recently turned", r"^(?:just |recently )?turned (?=\d+\b)", "am "),
        ("try am tend", r"^(?:try|am trying|tend) not to (?=(?:eat|drink|use|smoke|watch|wear)\b)", "do not "),
        ("am was", r"^(?:am|was) (?:stationed|based|located|stuck|stranded|settled) (?=(?:in|on|at)\b)", "am "),
        ("am have", r"^(?:am|have been) new to (?=the\b)", "am in "),
        (
            "have got has",
            r"^(?:have|got|has) (?:a |an |my )?(?:(?:part|full)[ -]?time |new |great |summer |good |small |side |"
            r"dull |boring |fun |nice |steady |desk |office |"
            r"night |day |little )*(?:job|gig|position|"
            r"internship|shift) (?:working )?(?=(?:at|for|as|with)\b)",
            "work ",
        ),
        ("have had", r"^(?:have|had) been (?=(?:\w+ )?\w+ing\b)", "am "),
        (
            "have",
            rf"^have been (?=(?:\w+ )?(?:{'|'.join(sorted(lexicon.KINDS | lexicon.OCCUPATIONS | {'a', 'an'}))})\b)",
            "am ",
        ),
    )
)


def put_plainly(predicate: str) -> str:
    """The predicate with every set phrase it begins with replaced, in the order of the table."""
    done = -1
    while True:
        for number, (pattern, by) in PHRASES.of(predicate):
            if number > done and (match := pattern.match(predicate)):
                predicate = by + predicate[match.end() :]
                done = number
                break
        else:
            return predicate
