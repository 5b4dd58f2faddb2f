"""The write gate: which texts are worth an episode. Chatter, greetings, thanks and empty questions are not."""

import re
import unicodedata
from typing import Final

_CHATTER: Final = frozenset(
    """
    hi hello hey heya hiya yo sup howdy greetings morning afternoon evening night goodnight gn gm bye
    goodbye cya ciao
    later laters cheers thanks thank thx ty tysm welcome please pls sorry ok okay okey okie k kk alright
    right sure yes
    yeah yep yup ya yea nope nah no not lol lmao rofl haha hahaha hehe hah ha heh xd omg wow woah whoa
    cool nice great
    good awesome amazing perfect sweet lovely fine neat fantastic wonderful excellent brilliant totally
    absolutely
    definitely exactly indeed agreed agree true same really seriously oh ah aw aww awww hmm hm mm mhm uh
    um umm er well so
    too also just very much lot lots bit maybe perhaps course guess know think see mean say said get got
    go going gonna
    let lets talk chat soon again now then there here thing things stuff way day days today time
    everything anything
    something nothing doing done fun interesting congrats congratulations bro dude man mate buddy friend
    pal dear babe love
    glad happy hope hear heard take care catch ttyl brb np problem worries worry idk tbh btw fyi emoji smile
    whats what's hows how's u ur r im i'm dont don't cant can't its it's that's thats
    hola gracias adios buenos buenas dias tardes noches si vale bonjour bonsoir salut merci oui non hallo
    danke bitte ja
    nein tschüss tschuss guten morgen tag abend obrigado obrigada oi olá ola sim não tchau grazie prego ciao namaste
    shukriya haan nahi accha theek hai merhaba teşekkürler evet hayır hej tack dag doei bedankt
    """.split()
)
_GRAMMAR: Final = frozenset(
    """
    a an the and or but if of in on at to for from by with about as into over up down out off than i me
    my mine myself
    we us our you your yours he him his she her it its they them their this that these those who whom
    which what where
    when why how is am are was were be been being do does did have has had having will would shall should
    can could may
    might must not no nor all any some such only own other more most one ones ever even still yet
    """.split()
)
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+")
_SENTENCE: Final = re.compile(r"[^.!?\n]+[.!?\n]*")
_DRAWN_OUT: Final = re.compile(r"(.)\1{2,}")
_MEANING_OF_A_QUESTION: Final = 2
"""A question needs this many words that mean something; a statement needs one."""


def informative(text: str) -> bool:
    """Whether a text says anything that may be worth finding again.

    Kept open on purpose: a short answer ("Berlin", "pizza, always") is the only trace of what was asked. In scripts
    without spaces three letters are enough.
    """
    for sentence in _SENTENCE.findall(text):
        needed = _MEANING_OF_A_QUESTION if sentence.rstrip().endswith("?") else 1
        for word in _WORD.findall(sentence):
            if _means_something(word):
                needed -= 1
                if needed == 0 or _unspaced(word):
                    return True
    return False


def _means_something(word: str) -> bool:
    plain = word.lower().replace("’", "'")
    if plain.isdigit():
        return True
    if plain in _CHATTER or plain in _GRAMMAR:
        return False
    short = _DRAWN_OUT.sub(r"\1", plain)
    if short in _CHATTER or short in _GRAMMAR:
        return False
    return len(plain) > 2 or (len(plain) == 2 and (word[0].isupper() or _unspaced(plain)))


def _unspaced(word: str) -> bool:
    """A word in a script that puts no spaces between words (Chinese, Japanese, Thai, …)."""
    return len(word) >= 3 and unicodedata.category(word[0]) == "Lo"
