"""What the words "it", "she" and "I do too" of a message stand for: the thing, person or question named just before."""

import re
from typing import Final

from server.domain.extraction import lexicon
from server.domain.extraction.dispatch import words_of
from server.domain.extraction.english import bare, phrase, turned
from server.domain.extraction.gazetteer import is_place
from server.domain.extraction.inverted import last_thing
from server.domain.extraction.mine import favorite_asked, looks_asked, spelled_out
from server.domain.extraction.statement import Statement

_ASKED: Final = re.compile(
    r"\b(?:(?P<aux>do|are|have|can|did) (?:you|u|yall)|^(?:so |and |oh )?you(?= (?:like|love|have|play|watch|eat|"
    r"drink|enjoy|read|know)\b)) (?:(?:guys|all|also|ever|really|even|still|happen to) "
    r")*(?P<x>[\w][\w' -]+)",
    re.IGNORECASE,
)
_ABOUT: Final = re.compile(
    r"^(?:like|love|enjoy|watch|eat|drink|play|have|listen to|read|prefer|know(?: how to)?|own|collect|into|fan of|a "
    r"fan of|speak|"
    r"a big fan of|hate|seen|heard of|heard|ever watch|tried|try|see|been to|believe in|feel about|think (?:of|"
    r"about)|cook|"
    r"work with|live in|live with|sell|have any|get|want|good with|good at|use|wear)\b\s*(?:to )?(?:any |some |a lot "
    r"of |many )?(?P<x>.+)",
    re.IGNORECASE,
)
_HOW_MANY: Final = re.compile(
    r"\bhow many (?P<x>[\w ]+?) (?:do|did) (?:you|u) (?:have|own|speak|play)\b", re.IGNORECASE
)
_SHORT_ANSWER: Final = re.compile(
    r"^(?P<lead>(?:(?:yes|yeah|yep|no|nope|nah|well|oh|actually|because|sure|me too|cause|but|and|so|sorry|sadly|"
    r"unfortunately)\b"
    r"[\s,]*)*)I (?:(?:really|actually|sure|definitely|certainly|sadly|unfortunately) )*(?P<aux>do|am|have|can|"
    r"did)(?P<not> not)?"
    r"(?P<rest>(?: too| also| actually| as well| myself| lol| haha| sometimes| so much| every day| at all)*"
    r"(?:$|[,!]| and | but | because ).*)",
    re.IGNORECASE,
)
_OBJECT: Final = re.compile(
    r"^(?P<v>(?:(?:really|do|absolutely|just|also|so|totally|kind of|always|only|not|am|ai|eat|watch|can|have|to|how|"
    r"know|never|used) )*"
    r"(?:love|like|enjoy|hate|dislike|adore|eat|eating|watch|watching|play|playing|prefer|collect|obsessed with|"
    r"addicted to|"
    r"afraid of|scared of|allergic to|fan of|despise|stand|miss|drink|own|listen to|read|work with|into|cook|bake|"
    r"play|breed|"
    r"speak|grow|raise|sell|wear|drive|use|do|crave|make|live in|live there|believe in|good at|bad at|quit|stopped))"
    r" (?P<p>it|them|that|those|both|these|one)(?P<e> (?:band|show|movie|song|book|game|series|store|food|team|color|"
    r"one|place|"
    r"guy|stuff|artist|singer))?(?= |$|,)(?! when| how| if| too much to)",
    re.IGNORECASE,
)
_STAND_INS: Final = frozenset("it them that those both these one there".split())
_COUNTED: Final = re.compile(
    rf"^(?P<v>(?:(?:do|only|just|also|actually|currently|can|already) )*(?:have|own|got|play|speak|raise|breed)) "
    rf"(?:about |only |like |over )?"
    rf"(?P<n>{lexicon.NUMBER_WORDS}|some|lots|a lot)(?P<adj> (?:small|big|little|lovely|wonderful|beautiful|great|"
    rf"simple|"
    r"different|of (?:them|those)))?(?P<end>$|,| and | but | now$| too$| lol$)",
    re.IGNORECASE,
)
_THERE: Final = re.compile(
    r"^(?P<v>(?:(?:just|actually|really|currently) )*(?:live|am from|was born|grew up|work|am living|moved|lived)) "
    r"(?:in )?there\b"
)
_OTHER: Final = re.compile(
    r"^(?P<lead>(?:(?:yes|yeah|well|oh|actually|and|but|because|also|so|no)\b[\s,]*)*)(?P<p>she|he)(?: is|"
    r"'s)?\b(?P<s>'s)? ?",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(
    r"(?:^|,\s*|\band )(?P<p>her|his|its|their) names?(?: (?:is|are)|'?s) (?P<x>\w.*)", re.IGNORECASE
)
_WOMEN: Final = frozenset(
    "mother sister wife girlfriend daughter grandmother aunt niece fiancee stepmother granddaughter stepdaughter "
    "stepsister girl".split()
)
_MEN: Final = frozenset(
    "father brother husband boyfriend son grandfather uncle nephew fiance stepfather grandson stepson "
    "stepbrother".split()
)
_WHO: Final = re.compile(
    rf"\b(?:[Mm]y|[Oo]ur|[Aa]n?|[Nn]ew) (?P<about>(?:older|younger|little|big|twin|best) )?(?P<rel>"
    rf"{'|'.join(sorted((re.escape(w) for w in {*lexicon.RELATIVES, *lexicon.PETS}), key=len, reverse=True))})\b"
    r"(?:(?:,? (?:is )?(?:named|called))?,? (?P<name>[A-Z][\w'-]+))?(?!'s)"
)
_BARE_THING: Final = re.compile(r"^[\w' -]{3,40}$")
_NOT_THINGS: Final = re.compile(
    r"\b(?:I|you|is|are|was|were|it|that|me|my|your|he|she|they|we|hi|hello|hey|yes|yeah|no|nope|wow|cool|nice|great|oh|ok|okay|lol|haha|"
    r"thanks|thank|good|awesome|well|sure|sorry|fun|lucky|same|too|agree|true|right|not|so|and you|what|how|have|do|"
    r"did|"
    r"can|will|would|very|really|maybe|interesting|amazing|neat|sweet|congrats|absolutely|exactly|hmm|um|go|never|"
    r"perfect|excellent|ha|ah|sounds|love|like)\b",
    re.IGNORECASE,
)
_HOW_ABOUT: Final = re.compile(r"^(?:so |and |but |well,? )?(?:how|what) about (?P<x>.+)", re.IGNORECASE)
_AT_YOURS: Final = re.compile(r" (?:in|for|at|on|with|of) your\b.*", re.IGNORECASE)
_PRONOUN: Final = re.compile(r"(?:it|that|this|them|those|these|him|her|one)\b", re.IGNORECASE)
_LIKENED: Final = re.compile(r"\b(?:like|as if|as though) I\b")
"""What something only feels like is not spoken of: "I feel like I have jet lag, but I love it"."""

_TRAILING: Final = re.compile(r"(?:[\s,]+(?:and|but|so|because|or|though|yet))+[\s,]*$", re.IGNORECASE)
"""What joins on the next clause says nothing of the one before it."""

_THING_OF: Final = frozenset(
    "likes dislikes eats drinks watches reads listens_to plays activity event habit hobby owns pet has "
    "goal wants residence".split()
)


class Topic:
    """Follows a message sentence by sentence and writes out what its pronouns and short answers stand for."""

    def __init__(self) -> None:
        self.thing = ""
        self._mentioned = ""
        self._unread: list[str] = []
        self._who = ""
        self._gender = ""
        self._pet = False
        self._question: tuple[str, str] | None = None
        self._favorite = ""
        self._looks = ""
        self._asked_about = False

    @property
    def latest(self) -> str:
        """What was spoken of last, said of the writer or not."""
        for words in reversed(self._unread):
            if thing := last_thing(words):
                self._mentioned = bare(thing)
                break
        self._unread.clear()
        return self._mentioned or self.thing

    def written_out(self, sentence: str) -> str:
        """The sentence with its short answer, its "mine" and its leading "she" spelled out."""
        if self._question is not None and (answer := _SHORT_ANSWER.match(sentence)):
            aux, what = self._question
            if {"am": "are"}.get(answer["aux"].lower(), answer["aux"].lower()) == aux:
                verb = "" if aux == "do" and not answer["not"] else f"{answer['aux'].lower()} "
                return f"{answer['lead']}I {verb}{'not ' if answer['not'] else ''}{what}{answer['rest']}"
        mine = spelled_out(sentence, self._favorite, self._looks, self.thing)
        if mine is not None:
            return mine
        if self._who and (named := _NAMED.search(sentence)) and (self._pet or named["p"].lower() == self._owning()):
            return f"{sentence[: named.start()]} {self._who} is named {named['x']}".strip()
        if self._who and (other := _OTHER.match(sentence)) and other["p"].lower() == self._gender:
            be = " is" if other[0].lower().rstrip().endswith((" is", "'s")) else ""
            return f"{self._who}{be} {sentence[other.end() :]}"
        return sentence

    def _owning(self) -> str:
        return {"she": "her", "he": "his"}.get(self._gender, "its")

    def said_before(self, words: str) -> None:
        """Take in what stands before a predicate: "cleaning" of "cleaning and I hate it"."""
        if not _LIKENED.search(words):
            self._unread.append(_TRAILING.sub("", words))

    def said_of(self, predicate: str) -> None:
        """Take in a predicate that made no statement: what it ends on may be spoken of next."""
        self._unread.append(predicate)

    def _settle(self, thing: str) -> None:
        """This is spoken of now, and nothing that was mentioned before."""
        self.thing, self._mentioned = thing, ""
        self._unread.clear()

    def with_object(self, predicate: str) -> str:
        """A predicate whose object is "it", "them" or a bare number with the thing itself."""
        counted = _COUNTED.match(predicate)
        if counted is None and _STAND_INS.isdisjoint(words_of(predicate)):
            return predicate
        thing = self.latest
        if not thing:
            return predicate
        if counted is not None:
            number = f"{counted['n']} of" if counted["n"].lower() in ("lots", "a lot") else counted["n"]
            adjective = "" if " of " in (counted["adj"] or "") else counted["adj"] or ""
            return f"{counted['v']} {number}{adjective} {thing}{counted['end']}{predicate[counted.end() :]}"
        if (there := _THERE.match(predicate)) and (is_place(thing) or thing[:1].isupper()):
            return f"{there['v']} in {thing}{predicate[there.end() :]}"
        return _OBJECT.sub(lambda m: f"{m['v']} {thing}", predicate)

    def follow(self, sentence: str, question: bool, found: list[Statement]) -> None:
        """Take in a sentence: what it asks, whom it speaks of and what about."""
        self._question = None
        self._asked_about = False
        if question:
            self._take_question(sentence)
        elif (looks := looks_asked(sentence)) is not None:
            self._looks = looks[0]
        elif found:
            self._favorite = self._looks = ""
        self._take_person(sentence)
        self._take_thing(sentence, found)

    def _take_person(self, sentence: str) -> None:
        for match in _WHO.finditer(sentence):
            word = match["rel"].lower()
            if word in lexicon.PETS:
                self._who, self._gender, self._pet = f"my {word}", "", not word.endswith("s")
                continue
            relation = lexicon.RELATIVES.get(word, word)
            gender = "she" if relation in _WOMEN else "he" if relation in _MEN else ""
            if gender:
                name = f" {match['name']}" if match["name"] and match["name"].lower() not in lexicon.NOT_NAMES else ""
                self._who, self._gender, self._pet = f"my {match['about'] or ''}{match['rel']}{name}", gender, False

    def _take_question(self, sentence: str) -> None:
        favorite, looks = favorite_asked(sentence), looks_asked(sentence)
        self._favorite = favorite[0] if favorite else ""
        self._looks = looks[0] if looks else ""
        if how_about := _HOW_ABOUT.match(sentence):
            thing = phrase(how_about["x"], 3)
            if thing and not _PRONOUN.match(thing) and "you" not in thing.lower():
                self._settle(bare(thing))
                self._asked_about = True
        if how_many := _HOW_MANY.search(sentence):
            self._settle(how_many["x"].strip())
        asked = _ASKED.search(sentence)
        if asked is None or how_many:
            return
        self._question = ((asked["aux"] or "do").lower(), asked["x"].strip())
        about = _ABOUT.match(asked["x"])
        if about is None:
            return
        thing = phrase(_AT_YOURS.sub("", about["x"]), 4)
        if thing and thing.lower() not in ("me", "a good", "a lot") and not _PRONOUN.match(thing):
            self._settle(bare(thing))
            self._asked_about = True

    def _take_thing(self, sentence: str, found: list[Statement]) -> None:
        for statement in reversed(found):
            plain = statement.subject == "self" and statement.attribute.startswith("favorite_")
            if plain or (statement.subject == "self" and statement.attribute in _THING_OF):
                self._settle(bare(statement.value))
                return
        if self._asked_about:
            return
        if _BARE_THING.match(sentence) and len(sentence.split()) <= 4 and not _NOT_THINGS.search(sentence):
            self.thing = turned(bare(sentence))
            self._mentioned = ""
            self._unread.clear()
        else:
            self._unread.append(sentence)
