"""Remember and forget in languages other than English: the plain forms, one sentence each; the words stay as said."""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Forms:
    """How a language asks; each pattern matches a whole sentence, `what` is what is meant."""

    last: re.Pattern[str]
    everything: re.Pattern[str]
    about: re.Pattern[str]
    remember: re.Pattern[str]


def _forms(last: str, everything: str, about: str, remember: str) -> Forms:
    polite = r"^(?:(?:bitte|por favor|s'il te pla[iî]t|stp|per favore|alsjeblieft|ok|okay)[,!]? )*"
    end = r"(?:,? (?:bitte|por favor|s'il te pla[iî]t|s'il vous pla[iî]t|stp|per favore|alsjeblieft|wieder))?$"
    return Forms(
        *(
            re.compile(f"{polite}(?:{pattern}){end}", re.IGNORECASE)
            for pattern in (last, everything, f"(?:{about}) (?P<what>.+?)", f"(?:{remember}) (?P<what>.+?)")
        )
    )


FORMS: Final[dict[str, Forms]] = {
    "de": _forms(
        r"(?:vergiss|vergessen sie|lösch|lösche)(?: bitte)? (?:das|es|dies)",
        r"(?:vergiss|vergessen sie|lösch|lösche)(?: bitte)? alles(?: (?:über|von) mi(?:ch|r))?",
        r"(?:vergiss|vergessen sie)(?: bitte)?,?(?: alles über| das mit| dass)?",
        r"(?:merk dir|merken sie sich|denk daran|vergiss nicht)(?: bitte)?,?(?: dass|:)?",
    ),
    "fr": _forms(
        r"(?:oublie|oubliez|efface)(?: ça| cela| ceci)",
        r"(?:oublie|oubliez|efface) tout(?: (?:sur|de) moi)?",
        r"(?:oublie|oubliez)(?: ce que j'ai dit sur| tout sur| que)?",
        r"(?:souviens-toi|souvenez-vous|rappelle-toi|retiens|n'oublie pas)(?: que| de|:)?",
    ),
    "es": _forms(
        r"(?:olvídalo|olvidalo|(?:olvida|olvide|borra) (?:eso|esto))",
        r"(?:olvida|olvide|borra) todo(?: (?:sobre|de) m[ií])?",
        r"(?:olvida|olvide)(?: lo de| todo sobre| que| a)?",
        r"(?:recuerda|recuerde|acuérdate|acuerdate|no olvides)(?: que| de que| de|:)?",
    ),
    "it": _forms(
        r"(?:dimenticalo|(?:dimentica|cancella) (?:questo|ciò|quello))",
        r"(?:dimentica|cancella) tutto(?: (?:su|di) di me| su di me| di me)?",
        r"(?:dimentica)(?: tutto su| che)?",
        r"(?:ricorda|ricordati|non dimenticare)(?: che| di|:)?",
    ),
    "pt": _forms(
        r"(?:esquece|esqueça|apaga|apague) (?:isso|isto)",
        r"(?:esquece|esqueça|apaga|apague) tudo(?: (?:sobre|de) mim)?",
        r"(?:esquece|esqueça)(?: tudo sobre| que| o)?",
        r"(?:lembra-te|lembre-se|lembra|não te esqueças|não esqueça)(?: de que| que| de|:)?",
    ),
    "nl": _forms(
        r"(?:vergeet|wis)(?: alsjeblieft)? (?:dat|dit|het)",
        r"(?:vergeet|wis)(?: alsjeblieft)? alles(?: over mij)?",
        r"(?:vergeet)(?: alsjeblieft)?(?: alles over| dat)?",
        r"(?:onthoud|denk eraan|vergeet niet)(?: alsjeblieft)?,?(?: dat|:)?",
    ),
}
"""By language; what no form fits is talk."""

_SHORTEST: Final = 3
"""Characters of what is to be remembered or forgotten."""


def asked(sentence: str, language: str) -> tuple[str, str] | None:
    """What a sentence asks in a language: ("last" | "everything" | "forget" | "remember", what), or None."""
    forms = FORMS.get(language.lower().replace("_", "-").partition("-")[0])
    if forms is None:
        return None
    plain = " ".join(sentence.strip().strip(".!¡ ").replace("’", "'").split())
    if not plain or plain.endswith("?"):
        return None
    if forms.last.match(plain):
        return "last", ""
    if forms.everything.match(plain):
        return "everything", ""
    for kind, pattern in (("remember", forms.remember), ("forget", forms.about)):
        match = pattern.match(plain)
        if match is not None and len(match["what"]) >= _SHORTEST:
            return kind, match["what"]
    return None
