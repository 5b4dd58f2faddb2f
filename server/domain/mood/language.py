"""Whether a text is English, the one language whose words the mood classifier reads."""

import re
from collections.abc import Container
from typing import Final

_ENGLISH: Final = frozenset(
    """
    a an the and or but if of in on at to for from by with about as into over up out off i me my we us our you your he
    him his she her it its they them their this that these those who what where when why how is am are was were be been
    do does did have has had will would should can could may might must not no so just like get got go going know think
    want need really very too all some any more good day new im i'm it's don't can't that's what's there here because
    love hate feel feeling happy sad thanks thank please ok okay yes yeah lol
    """.split()
)

_ALSO_ELSEWHERE: Final = frozenset(
    "a am an as can come do had has he i in is me my no of on or over so up was we".split()
)
"""English words that are also words of other languages: they do not speak for English beside a foreign word."""

_FOREIGN: Final = frozenset(
    """
    una unos unas por para muy pero porque como está están estoy eres soy somos gusta quiero tengo tiene hoy
    mañana ayer todos nada gracias hola mi sus yo nosotros ellos cuando donde qué más también bien feliz triste
    trabajo días der das dem ein eine einen einem und oder aber nicht ist sind bist habe haben waren ich du sie
    wir ihr mich mir dich dir mein meine dein mit für von zu zum zur auf auch noch schon sehr heute morgen
    gestern danke traurig glücklich wie warum weil kein keine le les une et ou mais pas suis es sommes êtes sont
    je nous vous ils elles mon mes ta ses avec dans sur très aussi aujourd'hui demain merci bonjour salut c'est
    j'ai j'aime qui que quoi parce lo gli che di sono sei siamo hai abbiamo della dello nella molto oggi domani
    ieri grazie ciao anche perché mio mia tuo sua bene contento não você eu ele ela nós eles uma uns muito mas
    hoje amanhã ontem obrigado obrigada estou são meu minha het een en niet maar wel ik jij hij wij zij mijn
    jouw zijn heb hebt heeft voor naar ook heel vandaag gisteren blij
    """.split()
)
"""Frequent words of Spanish, German, French, Italian, Portuguese and Dutch that are not English ones too."""

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_SOME_LENGTH: Final = 4
_PLAINLY: Final = 0.8
_ENOUGH: Final = 0.5


def looks_english(text: str, known: Container[str]) -> bool:
    """Whether the words of a text look English; `known` is a vocabulary of English.

    Yes where four words in five are known; else not where frequent foreign words are as many as frequent English
    ones, and yes where half of the words are known or, in a text of some length, one in six is a frequent English
    one. A text without words is in no language.
    """
    words = _WORD.findall(text.lower().replace("’", "'"))
    share = sum(word in known for word in words) / max(1, len(words))
    if share >= _PLAINLY:
        return True
    foreign = sum(word in _FOREIGN for word in words)
    if foreign and foreign >= sum(word in _ENGLISH and word not in _ALSO_ELSEWHERE for word in words):
        return False
    return share >= _ENOUGH or (
        len(words) >= _SOME_LENGTH and 6 * sum(word in _ENGLISH for word in words) >= len(words)
    )
