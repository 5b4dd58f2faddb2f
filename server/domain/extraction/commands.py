"""What a contact asks of the memory itself: remember this, forget that, you got it wrong, stop writing to me."""

import re
from dataclasses import dataclass
from typing import Final

from server.domain.extraction.commands_abroad import asked

FORGET_LAST: Final = ""
"""The query of "forget that": what was said last."""

FORGET_ALL: Final = "*"
"""The query of "forget everything about me"."""

STOP_WORDS: Final[dict[str, frozenset[str]]] = {
    "en": frozenset(
        (
            "stop",
            "stopall",
            "stop all",
            "unsubscribe",
            "cancel",
            "end",
            "quit",
            "opt out",
            "optout",
            "opt-out",
            "revoke",
        )
    ),
    "de": frozenset(("stopp", "stop", "abmelden", "abbestellen", "aufhören")),
    "fr": frozenset(("stop", "arret", "arrêt", "arrêter", "désabonner", "desabonner", "désinscrire")),
    "es": frozenset(("stop", "alto", "parar", "baja", "cancelar", "detener")),
    "pt": frozenset(("stop", "parar", "pare", "sair", "cancelar")),
    "it": frozenset(("stop", "basta", "annulla", "cancellami", "fermare")),
    "nl": frozenset(("stop", "afmelden", "stoppen", "uitschrijven")),
    "sv": frozenset(("stopp", "stop", "avsluta", "avregistrera")),
    "pl": frozenset(("stop", "zakończ", "wypisz", "rezygnuję")),
    "tr": frozenset(("dur", "durdur", "iptal", "stop")),
    "hi": frozenset(("रोको", "रुको", "बंद करो", "band karo", "stop")),
}
"""Words that opt out when they are the whole message, by language; the English ones count in every language."""


_STOP_SENTENCE: Final = re.compile(
    r"(?:stop|quit) (?:messaging|texting|writing|contacting|bothering)(?: to)? me(?: anymore| now)?"
    r"|(?:do not|don t|dont|never) (?:message|text|write to|contact) me(?: again| anymore| any more)?"
    r"|no more (?:messages|texts)|remove me from (?:this|your|the) list"
)
"""The same in a sentence, as `is_stop` sees it: without its apostrophes and marks."""

_NO_LETTER: Final = re.compile(r"[^\w\s-]")
_LONGEST_STOP: Final = 60
"""Characters beyond which a message is more than a stop word."""


def is_stop(message: str, language: str = "en") -> bool:
    """Whether the message is a STOP word and nothing else (case, spaces and end marks aside; "STOP please" counts)."""
    if len(message) > _LONGEST_STOP:
        return False
    plain = " ".join(_NO_LETTER.sub(" ", message.lower()).split()).removesuffix(" please").removeprefix("please ")
    if _STOP_SENTENCE.fullmatch(plain):
        return True
    base = language.lower().replace("_", "-").partition("-")[0]
    return plain in STOP_WORDS["en"] or plain in STOP_WORDS.get(base, frozenset())


@dataclass(frozen=True, slots=True)
class Commands:
    """`remember` holds what is to be kept, `forget` the queries of what is to go, `rest` the text without them.

    `unsaid`: part of the message was taken back in the same breath ("…, but forget that"); nothing of it is to be kept.
    """

    remember: tuple[str, ...]
    forget: tuple[str, ...]
    rest: str
    unsaid: bool = False


_POLITE: Final = (
    r"(?:(?:hey|hi|ok|okay|oh|and|also|so|but|well|actually|just|please|pls|btw|by the "
    r"way|kindly)\b[,!]?\s+)*"
    r"(?:(?:can|could|would|will) you (?:please |just |kindly )?|(?:I (?:want|need|would "
    r"like) you to|you should|you can|you must|you have to) |"
    r"please |pls )?"
)
_SENTENCE: Final = re.compile(r"[^.!?\n]+(?:\.(?=\w)[^.!?\n]+)*[.!?\n]*")
_REMEMBER: Final = re.compile(
    rf"^\s*{_POLITE}(?:(?:please )?(?:remember|note|keep in mind|make a note|bear in "
    r"mind|memorize|never forget|(?:do not|don't|dont) (?:ever )?forget)"
    r"(?: down| of this)?)(?P<how>:| that\b| this:| to\b| about\b|,|)\s*(?P<what>.+)$",
    re.IGNORECASE,
)
_REMINISCE: Final = re.compile(
    r"^(?:when|how|what|who|where|why|the time|me|you|those|back when|last time|if|whether)\b", re.IGNORECASE
)
_FORGET: Final = re.compile(
    rf"^\s*{_POLITE}(?:please )?(?:forget|delete|erase|remove|(?:do not|don't|dont) (?:remember|"
    r"store|save|keep|memorize))\b\s*(?P<what>.*)$",
    re.IGNORECASE,
)
_IDIOM: Final = re.compile(r"^(?:it|me not|to \w+.*|how .*|where .*|when .*|who .*|why .*|if .*)$", re.IGNORECASE)
_ABOUT_ME: Final = re.compile(
    r"^(?:where (?:I|we) (?:(?:now|currently) )?(?:live|work|study|reside|stay|come from|am from|are from|grew up|was "
    r"born|go to school)\b"
    r"|(?:how old|how tall|how much|when|where|who) my \w+|how (?:old|tall) I am|how much I (?:earn|make|weigh)\b"
    r"|when I was born|who I (?:am|was|have been) (?:married|dating|engaged|seeing|with)\b"
    r"|who I (?:love|married|date)\b)",
    re.IGNORECASE,
)
"""What begins as an idiom and is meant in earnest: "forget where I live"."""
_LAST: Final = re.compile(
    r"^(?:that|this|it all|what i (?:just )?(?:said|told you|wrote)|(?:that|this) (?:please|"
    r"again|memory|one|part)|(?:the|my) last (?:thing|message|part)(?: i said)?|"
    r"(?:that )?I (?:ever )?(?:said|told you|mentioned) (?:that|this|it|anything))(?: "
    r"please| now| ok| okay)*$",
    re.IGNORECASE,
)
_ALL: Final = re.compile(
    r"^(?:everything|all|anything|all of it|it all)(?: (?:that )?(?:you (?:know|have|"
    r"remember|stored|saved)|I (?:ever |have )?(?:told|said|shared)(?: you| to you)?|"
    r"about me|on me|please|now|my (?:data|memories)))*$|^(?:all )?(?:my|your) (?:data|"
    r"memories|memory)(?: (?:of|about) me)?$|^me$|^about me$",
    re.IGNORECASE,
)
_ABOUT: Final = re.compile(
    r"^(?:about|that|the (?:fact|thing|part|stuff) (?:that|about)|(?:everything|anything|"
    r"all|what|whatever|the things|the stuff|stuff)(?: that)?(?: (?:I|you) (?:\w+ ){0,3}?(?:about|"
    r"of|on)| about| on))\s+",
    re.IGNORECASE,
)
_CUE: Final = re.compile(r"forget|rememb|note|mind|memori|delet|eras|remov|stor|sav|keep", re.IGNORECASE)
"""Every command has one of these; most sentences have none."""

_FORGETS: Final = re.compile(r"forget|not |don'?t", re.IGNORECASE)
_TAKEN_BACK: Final = re.compile(r"(?:forget|remember|store|save|keep) (?:that|this|it|what|I)\b", re.IGNORECASE)
_UNSAID: Final = re.compile(
    r"\w.*(?:,|\s-|\b(?:but|and|so)\b|\.\.)\s*(?:but |and |so |actually |please |pls |just |you can |now )*(?:forget "
    r"(?:that|this|it|"
    r"(?:that |what )?I (?:just )?(?:said|told you|mentioned)(?: that| it| this)?)|(?:do not|don't|dont) (?:remember|"
    r"store|save|keep) "
    r"(?:that|this|it))(?: please| ok| okay)?$",
    re.IGNORECASE,
)
_ENDS_WITHIN: Final = 120
"""Characters at the end of a sentence in which it may be taken back; over more of it the time would grow
with its square."""

_DELETE_WORDS: Final = re.compile(r"\b(?:delete|erase|remove)\b", re.IGNORECASE)


def commands(message: str, language: str = "en") -> Commands:
    """The commands of a message. "Forget it" and "remember when we…?" are talk, not commands."""
    remember: list[str] = []
    forget: list[str] = []
    rest: list[str] = []
    unsaid = False
    for sentence in _SENTENCE.findall(message.replace("’", "'")):
        body = sentence.strip().rstrip(".!? \n")
        abroad = asked(sentence, language)
        if abroad is not None:
            kind, what = abroad
            if kind == "remember":
                remember.append(what)
            else:
                forget.append({"last": FORGET_LAST, "everything": FORGET_ALL}.get(kind, what))
            continue
        if _CUE.search(body) is None:
            rest.append(sentence.strip())
            continue
        if _FORGETS.search(body) and _TAKEN_BACK.search(body) and _UNSAID.search(body[-_ENDS_WITHIN:]):
            unsaid = True
            continue
        queried = _forgetting(body)
        if queried is not None:
            forget.append(queried)
            continue
        kept = None if sentence.rstrip().endswith("?") and not _asks_politely(body) else _remembering(body)
        if kept is not None:
            remember.append(kept)
            continue
        rest.append(sentence.strip())
    return Commands(tuple(remember), tuple(forget), " ".join(rest), unsaid)


def _asks_politely(body: str) -> bool:
    return re.match(r"^\W*(?:please |hey |ok )*(?:can|could|would|will) you", body, re.IGNORECASE) is not None


def _forgetting(body: str) -> str | None:
    match = _FORGET.match(body)
    if match is None:
        return None
    what = match["what"].strip(" ,:;")
    what = re.sub(r"[\s,]+(?:please|pls|ok|okay|thanks|now)$", "", what, flags=re.IGNORECASE)
    if not what or (_IDIOM.match(what) and not _ABOUT_ME.match(what)):
        return None
    if _DELETE_WORDS.search(match[0][: match.start("what") - match.start()]) and not re.search(
        r"\b(?:you (?:know|remember|have|stored|saved)|I (?:said|told)|memor|my data|about "
        r"me|about my|that I|from your)\b",
        what,
        re.IGNORECASE,
    ):
        return None
    if _LAST.match(what):
        return FORGET_LAST
    if _ALL.match(what):
        return FORGET_ALL
    query = what
    while (shorter := _ABOUT.sub("", query)) != query:
        query = shorter
    if (
        re.match(r"^(?:the|a|an) \w+$", query)
        and _ABOUT.match(what) is None
        and not re.match(r"about", what, re.IGNORECASE)
    ):
        # "Don't keep the change", "delete the app": not about what is remembered.
        return None
    return FORGET_ALL if re.fullmatch(r"me|myself", query, re.IGNORECASE) else query


def _remembering(body: str) -> str | None:
    match = _REMEMBER.match(body)
    if match is None:
        return None
    what = match["what"].strip(" ,:")
    if _REMINISCE.match(what) or len(what.split()) < 2:
        return None
    if match["how"].strip().lower() == "to":
        return f"to {what}"
    return what
