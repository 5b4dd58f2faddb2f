"""What the words "it", "she" and "I do too" of a message stand for: the thing, person or question named just before."""

import re
from typing import Final

from server.domain.extraction import lexicon
from server.domain.extraction.english import bare, phrase, turned
from server.domain.extraction.statement import Statement

_ASKED: Final = re.compile(
    r"\b(?P<aux>do|are|have|can|did) you (?:(?:guys|all|also|ever|really|even|still|happen to) )*(?P<x>[\w][\w' -]+)",
    re.IGNORECASE,
)
_ABOUT: Final = re.compile(
    r"^(?:like|love|enjoy|watch|eat|drink|play|have|listen to|read|prefer|know|own|collect|into|fan of|a fan of|"
    r"a big fan of|hate|seen|heard of|heard|ever watch|tried|try|see|been to)\b\s*(?:to )?(?:any |some |a lot of )?(?P<x>.+)",
    re.IGNORECASE,
)
_YOUR_FAVORITE: Final = re.compile(
    r"\b(?:what|who|which)(?: is|s|'s| are)? (?:\w+ )?(?:is |are )?your (?P<k>(?:all time )?favorite(?: \w+)?(?: \w+)?|name|job)\b",
    re.IGNORECASE,
)
_MINE: Final = re.compile(r"\b(?:mines?|my own)(?: is|'s|s| are| would be)? (?P<x>.+)", re.IGNORECASE)
_SHORT_ANSWER: Final = re.compile(
    r"^(?P<lead>(?:(?:yes|yeah|yep|no|nope|nah|well|oh|actually|because|sure|me too|cause|but|and|so)\b[\s,]*)*)"
    r"I (?:(?:really|actually|sure|definitely|certainly) )*(?P<aux>do|am|have|can|did)(?P<not> not)?"
    r"(?P<rest>(?: too| also| actually| as well| myself| lol| haha| sometimes| so much| every day)*(?:$|[,!]| and | but ).*)",
    re.IGNORECASE,
)
_OBJECT: Final = re.compile(
    r"^(?P<v>(?:(?:really|do|absolutely|just|also|so|totally|kind of|always|only|not|am|ai|eat|watch) )*"
    r"(?:love|like|enjoy|hate|dislike|adore|eat|eating|watch|watching|play|prefer|collect|am obsessed with|am addicted to|"
    r"am afraid of|am scared of|am allergic to|fan of|despise|can not stand|miss|drink|own|have|listen to|read))"
    r" (?P<p>it|them|that|those|both|these)(?P<e> (?:band|show|movie|song|book|game|series|store|food|team|color|one|place|guy|"
    r"stuff|artist|singer))?(?= |$|,)(?! when| how| if| too much to)",
    re.IGNORECASE,
)
_OTHER: Final = re.compile(
    r"^(?P<lead>(?:(?:yes|yeah|well|oh|actually|and|but|because|also|so|no)\b[\s,]*)*)(?P<p>she|he)(?: is|'s)?\b(?P<s>'s)? ?",
    re.IGNORECASE,
)
_WOMEN: Final = frozenset(
    "mother sister wife girlfriend daughter grandmother aunt niece fiancee stepmother granddaughter stepdaughter "
    "stepsister girl".split()
)
_MEN: Final = frozenset(
    "father brother husband boyfriend son grandfather uncle nephew fiance stepfather grandson stepson stepbrother".split()
)
_WHO: Final = re.compile(
    rf"\b(?:[Mm]y|[Oo]ur) (?P<about>(?:older|younger|little|big|twin|best) )?(?P<rel>"
    rf"{'|'.join(sorted((re.escape(w) for w in lexicon.RELATIVES), key=len, reverse=True))})\b"
    r"(?:(?:,? (?:is )?(?:named|called))?,? (?P<name>[A-Z][\w'-]+))?(?!'s)"
)
_BARE_THING: Final = re.compile(r"^[\w' -]{3,40}$")
_NOT_THINGS: Final = re.compile(
    r"\b(?:I|you|is|are|was|were|it|that|me|my|your|he|she|they|we|hi|hello|hey|yes|yeah|no|nope|wow|cool|nice|great|oh|ok|okay|lol|haha|"
    r"thanks|thank|good|awesome|well|sure|sorry|fun|lucky|same|too|agree|true|right|not|so|and you|what|how|have|do|did|"
    r"can|will|would|very|really|maybe|interesting|amazing|neat|sweet|congrats|absolutely|exactly|hmm|um|go|never|"
    r"perfect|excellent|ha|ah|sounds|love|like)\b",
    re.IGNORECASE,
)
_THING_OF: Final = frozenset(
    "likes dislikes eats drinks watches reads listens_to plays activity event habit hobby owns pet has goal".split()
)


class Topic:
    """Follows a message sentence by sentence and writes out what its pronouns and short answers stand for."""

    def __init__(self) -> None:
        self.thing = ""
        self._who = ""
        self._gender = ""
        self._question: tuple[str, str] | None = None
        self._favorite = ""

    def written_out(self, sentence: str) -> str:
        """The sentence with its short answer, its "mine" and its leading "she" spelled out."""
        if self._question is not None and (answer := _SHORT_ANSWER.match(sentence)):
            aux, what = self._question
            if answer["aux"].lower() == aux:
                verb = "" if aux == "do" and not answer["not"] else f"{aux} "
                return f"{answer['lead']}I {verb}{'not ' if answer['not'] else ''}{what}{answer['rest']}"
        if self._favorite and (mine := _MINE.search(sentence)):
            return f"{sentence[: mine.start()]}my {self._favorite} is {mine['x']}"
        if self._who and (other := _OTHER.match(sentence)) and other["p"].lower() == self._gender:
            be = " is" if other[0].lower().rstrip().endswith((" is", "'s")) else ""
            return f"{self._who}{be} {sentence[other.end() :]}"
        return sentence

    def with_object(self, predicate: str) -> str:
        """A predicate whose object is "it" or "them" with the thing itself."""
        if not self.thing:
            return predicate
        return _OBJECT.sub(lambda m: f"{m['v']} {self.thing}", predicate)

    def follow(self, sentence: str, question: bool, found: list[Statement]) -> None:
        """Take in a sentence: what it asks, whom it speaks of and what about."""
        self._question = None
        if question:
            self._take_question(sentence)
        else:
            self._favorite = ""
        for match in _WHO.finditer(sentence):
            relation = lexicon.RELATIVES.get(match["rel"].lower(), match["rel"].lower())
            gender = "she" if relation in _WOMEN else "he" if relation in _MEN else ""
            if gender:
                name = f" {match['name']}" if match["name"] and match["name"].lower() not in lexicon.NOT_NAMES else ""
                self._who, self._gender = f"my {match['about'] or ''}{match['rel']}{name}", gender
        self._take_thing(sentence, question, found)

    def _take_question(self, sentence: str) -> None:
        favorite = _YOUR_FAVORITE.search(sentence)
        self._favorite = favorite["k"] if favorite else ""
        asked = _ASKED.search(sentence)
        if asked is None:
            return
        self._question = (asked["aux"].lower(), asked["x"].strip())
        about = _ABOUT.match(asked["x"])
        if about is not None and (thing := phrase(about["x"], 4)) and thing.lower() not in ("me", "a good", "a lot"):
            self.thing = bare(thing)

    def _take_thing(self, sentence: str, question: bool, found: list[Statement]) -> None:
        for statement in reversed(found):
            plain = statement.subject == "self" and statement.attribute.startswith("favorite_")
            if plain or (statement.subject == "self" and statement.attribute in _THING_OF):
                self.thing = bare(statement.value)
                return
        if _BARE_THING.match(sentence) and len(sentence.split()) <= 4 and not _NOT_THINGS.search(sentence):
            self.thing = turned(bare(sentence))
        elif not question and found:
            self.thing = ""
