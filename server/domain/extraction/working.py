"""What "I …" says of work and learning: jobs and employers, studies and schools."""

import re
from typing import Final

from server.domain.extraction.english import PROPER, bare, phrase, turned
from server.domain.extraction.statement import Statement


def _workplace(words: str) -> tuple[tuple[str, str, str], ...]:
    name = PROPER.match(words)
    return (("workplace", name[0], ""),) if name else ()


_AT_WORK_AGAIN: Final[tuple[tuple[str, str | None], ...]] = (("employment", None),)
"""Who has a new job has not "left their job" any more."""


def _works_at(place: str) -> Statement:
    return Statement(
        f"Works at {turned(place)}",
        "workplace",
        bare(place),
        weight=0.8,
        confidence=0.9,
        named=_workplace(place),
        closes=_there_again(bare(place)),
    )


def _there_again(place: str) -> tuple[tuple[str, str | None], ...]:
    """Who works somewhere is not out of that job any more."""
    return (*_AT_WORK_AGAIN, ("former_workplace", place))


def _works_as(role: str, moved_on: bool, place: str | None) -> list[Statement]:
    ends = (*_AT_WORK_AGAIN, ("workplace", None)) if moved_on else _AT_WORK_AGAIN
    job = Statement(f"Works as {turned(role)}", "occupation", bare(role), weight=0.8, confidence=0.9, closes=ends)
    return [job] if place is None else [job, _works_at(place)]


def _worked(how: str, what: str, said: str) -> Statement:
    """Work of the past: it ends no other, and that of "used to" is over where it was thought to go on."""
    value = bare(what)
    attribute = "former_workplace" if how in ("at", "for") else "past"
    over = "used to" in said.lower()
    ends = (("workplace", value), ("occupation", value), ("field", value)) if over else ()
    return Statement(f"Worked {how} {turned(what)}", attribute, turned(value), weight=0.55, closes=ends)


def work(match: re.Match[str], negated: bool) -> list[Statement]:
    what, how = phrase(match["x"], 6), (match["how"] or "").lower()
    if not what:
        return []
    value = bare(what)
    if value.lower() in ("day", "home", "night", "it", "me", "once"):
        return []
    if negated and not how:
        return [
            Statement(f"Does not work {turned(what)}", "avoids", f"work {turned(what)}", weight=0.35, confidence=0.6)
        ]
    if match[0].lower().startswith(("worked", "used to")):
        return [] if negated else [_worked(how, what, match[0])]
    if negated:
        return [
            Statement(
                f"No longer works {how} {what}",
                "former_workplace",
                value,
                weight=0.5,
                closes=(("workplace", value), ("occupation", value)),
            )
        ]
    if how == "as":
        place = _EMPLOYER.search(match["x"])
        role = what[: place.start()].strip() if place is not None and place.start() < len(what) else what
        # "I work as a teacher now" tells that the old place is history, wherever the new one is.
        moved_on = place is None and re.search(r"\bnow\b", match["x"]) is not None
        return _works_as(role, moved_on, place["x"] if place is not None else None)
    if how in ("at", "for"):
        besides = re.search(r"\bas (an? [\w -]+)", match["x"])
        named = _workplace(value)
        made = [
            Statement(
                f"Works {how} {turned(what)}",
                "workplace",
                value,
                weight=0.8,
                confidence=0.9,
                named=named,
                closes=_there_again(value),
            )
        ]
        if besides and (job := phrase(besides[1], 4)):
            made.append(Statement(f"Works as {job}", "occupation", bare(job), weight=0.8))
        return made
    if how in ("in", "with"):
        return [Statement(f"Works {how} {turned(what)}", "field", value, weight=0.7)]
    return [Statement(f"Works {turned(what)}", "work", value, weight=0.5, confidence=0.6)]


_EMPLOYER: Final = re.compile(
    r"(?:\s(?:now)?|\s?,\s?)(?:at|for) (?P<x>[A-Z][\w&.'-]*(?: [A-Z][\w&.'-]*)*|(?:a|an|the) [\w' -]+)"
)


_WHEN: Final = re.compile(r" (?:on|in|from|next|this|as of) .*")
"""After the name of a workplace, when the work begins."""


_TO_COME: Final = re.compile(r"\b(?:on|in|from|next|as of|soon|tomorrow)\b", re.IGNORECASE)


def new_job(match: re.Match[str], negated: bool) -> list[Statement]:
    what = phrase(match["x"], 5)
    if negated or not what:
        return []
    value = bare(what)
    if match[0].lower().startswith(("start ", "begin ", "am starting")) and _TO_COME.search(match["x"]):
        # Until then the job of now is the job.
        place = _WHEN.sub("", what)
        said = f"start at {turned(place)}"
        return [Statement(f"Plans to {said}", "plan", said, weight=0.6, named=_workplace(place))]
    if match["how"].lower() == "as":
        return [Statement(f"Works as {turned(what)}", "occupation", value, weight=0.8, closes=_AT_WORK_AGAIN)]
    return [_works_at(_WHEN.sub("", what) if what[:1].isupper() else what)]


def fired(match: re.Match[str], negated: bool) -> list[Statement]:
    """The end of a job that the employer made: of the one named, else of the present one if it was of late."""
    if negated or _LONG_AGO.search(match["x"]):
        return []
    at = re.match(r"\s*(?:from|by|at) (?!my job\b|work\b)(?P<x>.+)", match["x"])
    place = bare(phrase(at["x"], 4)) if at else ""
    if at and not place[:1].isupper():
        return []
    ends = (("workplace", place),) if place else _JOBLESS
    return [Statement("Lost their job", "employment", "lost job", weight=0.7, closes=ends)]


_LONG_AGO: Final = re.compile(
    r"\b(?:ago|once|back in|in (?:19|20)\d\d|first|last (?:year|job)|previous|old)\b", re.IGNORECASE
)
_JOBLESS: Final[tuple[tuple[str, str | None], ...]] = (("workplace", None), ("occupation", None), ("field", None))


def quit(_match: re.Match[str], negated: bool) -> list[Statement]:
    if negated:
        return []
    return [
        Statement(
            "Left their job",
            "employment",
            "left job",
            weight=0.7,
            closes=_JOBLESS,
        )
    ]


def study(match: re.Match[str], negated: bool) -> list[Statement]:
    """What somebody studies or studied; "studying to be a nurse" is a goal instead."""
    what = phrase(match["x"], 8)
    if negated or not what or re.match(r"(?:to )?(?:be|become) ", match["x"]):
        return []
    past = match[0].lower().startswith(("studied", "majored"))
    said, attribute = ("Studied", "education") if past else ("Studies", "studies")
    return [Statement(f"{said} {turned(what)}", attribute, bare(what), weight=0.7)]


def school(match: re.Match[str], negated: bool) -> list[Statement]:
    what = phrase(match["x"], 8)
    if negated or not what:
        return []
    verb = match["v"].lower()
    said = _SCHOOLING.get(verb, "Goes to")
    attribute = "school" if said == "Goes to" else "education"
    return [Statement(f"{said} {turned(what)}", attribute, bare(what), weight=0.65)]


_SCHOOLING: Final = {"graduated": "Graduated from", "went": "Went to", "attended": "Went to"}
