"""Sentences that leave their "I" out: "Love hiking", "just finishing my soup", "went to the lake"."""

import re
from typing import Final

from server.domain.extraction import lexicon
from server.domain.extraction.dispatch import words_of
from server.domain.extraction.verbs import HABITUAL, is_event, tells, verb_of

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
    r"(?:\w+ )?grade)|not a (?:big )?fan of|scared of|afraid of|allergic to|obsessed with|addicted to|terrified of|"
    r"bored of|born in|living (?:in|with|on)|can not stand)\b(?! you\b)",
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
_NEEDS_AM: Final = (
    "married", "not married", "single", "in ", "not a ", "scared", "afraid", "allergic", "obsessed", "addicted",
    "terrified", "bored", "living",
)  # fmt: skip
_IS_SUBJECT: Final = re.compile(
    r"\b(?:is|are|was|were|makes?|can|helps?|sounds?|keeps?|hurts?|drives|feels|seems?|costs?|requires?|means|would|will|has|gives?|takes?)\b",
    re.IGNORECASE,
)
_FIRST_PERSON: Final = re.compile(r"\bI\b")
_YOURS: Final = re.compile(r"\byour?\b", re.IGNORECASE)


_LOOK: Final = (
    r"(?:big|long|short|curly|straight|wavy|dark|light|bright|pale|black|brown|blonde?|red|blue|green|hazel|gr[ae]y|white|pink|"
    r"purple|orange|rainbow|freckled|bushy|thick|natural|dyed|auburn|ginger|and)"
)
_LOOKS: Final = re.compile(
    _LEAD + rf"(?:with |and )?(?P<x>(?:{_LOOK},? )+(?:hair|eyes|skin|beard|freckles|glasses|nails))"
    r"(?: and all| too| here| as well|$|,| and)",
    re.IGNORECASE,
)
_MEASURED: Final = re.compile(
    r"^(?:\w+ )?(?P<x>(?:\d|four|five|six|seven) ?(?:feet|foot|ft)(?: ?\d+)?(?: inch(?:es)?)?(?: tall)?|"
    r"(?:\d+|\w+teen|twent\w+|thirt\w+) years old)(?:$| here| now| and |,)",
    re.IGNORECASE,
)
_AND_I: Final = re.compile(
    r"\b(?:me|I|myself) (?:and|an|&) (?P<x>(?:my|our) (?:\w+ ){0,2}?\w+) (?=(?P<v>[a-z]+)\b)", re.IGNORECASE
)
_WHO_DOES: Final = re.compile(
    r"\bI am (?P<not>not )?(?P<x>(?:an?|the) (?:[\w-]+ ){0,2}[\w-]+) (?:who|that|which) (?P<adv>(?:also|always|just|"
    r"really|only|currently) )?"
    r"(?P<v>[a-z]+s|am|was|does not|do not)\b(?! (?:been|so)\b)",
    re.IGNORECASE,
)
_DOES_OFTEN: Final = re.compile(
    _LEAD + r"(?P<do>(?:mostly|usually|always|mainly|often|sometimes|normally|typically) )(?P<v>[a-z]+)(?= )",
    re.IGNORECASE,
)
_ANYBODY: Final = frozenset("person guy girl woman man one kid boy lady human".split())


_LOOKED_AT: Final = frozenset("hair eyes skin beard freckles glasses nails".split())


def _unfolded(sentence: str) -> str:
    """Two ways to say "I" less plainly put right: "me and my wife live", "I am a baker who loves jazz"."""
    if " my " in sentence and (both := _AND_I.search(sentence)) and verb_of(both["v"].lower()) is not None:
        sentence = f"{sentence[: both.start()]}{both['x']} and I {sentence[both.end() :]}"
    if "I am" in sentence and (which := _WHO_DOES.search(sentence)):
        word = which["v"].lower()
        verb = verb_of(word)
        base = {"has": "have", "is": "am", "does not": "do not", "am": "am", "was": "was", "do not": "do not"}.get(word)
        base = base or (verb.base if verb is not None and verb.form == "third" else None)
        if base is not None:
            rest = f"{which['adv'] or ''}{base}{sentence[which.end() :]}"
            if which["not"]:
                return f"{sentence[: which.start()]}I do not {rest}" if base not in ("am", "do not") else sentence
            kept = (
                ""
                if which["x"].split()[-1].lower() in _ANYBODY and len(which["x"].split()) == 2
                else f"I am {which['x']}, "
            )
            return f"{sentence[: which.start()]}{kept}I {rest}"
    return sentence


def with_subject(sentence: str) -> str:
    """A sentence that leaves its "I" out, or hides it, with it put back; any other unchanged."""
    sentence = _unfolded(sentence)
    words = words_of(sentence)
    if not _LOOKED_AT.isdisjoint(words) and (looks := _LOOKS.match(sentence)):
        return f"{looks['lead']}I have {looks['x']}{sentence[looks.end('x') :]}"
    if measured := _MEASURED.match(sentence):
        return f"I am {measured['x']}"
    often = _DOES_OFTEN.match(sentence)
    if often is not None and often["v"].lower() in HABITUAL and _YOURS.search(sentence) is None:
        return f"{often['lead']}I {often['do']}{sentence[often.start('v') :]}"
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
