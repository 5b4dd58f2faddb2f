"""Time expressions ("yesterday", "next Friday", "two weeks ago", "on 12 May") resolved against the time of the turn.

An expression becomes the interval of whole local days it speaks of; a named hour narrows a single day to that hour.
Weeks run from Monday to Sunday. English only: other languages simply find nothing.
"""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final


@dataclass(frozen=True, slots=True)
class Interval:
    """When something happens: from `start` up to but not including `end`, both in UTC."""

    start: datetime
    end: datetime


_Days = tuple[date, date]
"""First day, and the day after the last."""

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sept sep",
            "october oct",
            "november nov",
            "december dec",
        ),
        start=1,
    )
    for name in names.split()
}
_WEEKDAYS: Final = {
    name: number
    for number, names in enumerate(
        (
            "monday mon",
            "tuesday tues tue",
            "wednesday wed",
            "thursday thurs thu",
            "friday fri",
            "saturday sat",
            "sunday sun",
        )
    )
    for name in names.split()
}
_NUMBERS: Final = {
    **{w: n for n, w in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), start=1)},
    "a": 1,
    "an": 1,
    "couple": 2,
    "few": 3,
    "several": 4,
}
_SEASONS: Final = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}

_MONTH: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_FULL_MONTH: Final = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|"
    r"december)"
)
_WEEKDAY: Final = r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
_COUNT: Final = (
    r"(\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:a "
    r")?couple(?: of)?|(?:a )?few|several)"
)
_YEAR: Final = r"(?:19|20)\d\d"

_PAST: Final = re.compile(
    r"\b(?:was|were|did|had|went|saw|met|got|took|came|made|ate|bought|found|told|said|"
    r"gave|lost|won|ran|read|played|"
    r"been|felt|spent|left|[a-z]{2,}ed)\b",
    re.IGNORECASE,
)
_AHEAD: Final = re.compile(
    r"\b(?:will|'ll|going to|gonna|next|upcoming|tomorrow|plan(?:s|ning)?|about to)\b", re.IGNORECASE
)


def resolve(text: str, at: datetime, zone: tzinfo) -> Interval | None:
    """The first time expression of `text` as an interval, or None; `at` is when it was said, `zone` where."""
    plain = text.replace("’", "'")
    best = first_expression(plain, at.astimezone(zone).date())
    if best is None:
        return None
    hour = _hour(plain)
    first, after = best[2]
    start = datetime.combine(first, time(), tzinfo=zone)
    end = datetime.combine(after, time(), tzinfo=zone)
    if hour is not None and (after - first).days == 1:
        start = start.replace(hour=hour.hour, minute=hour.minute)
        end = start + timedelta(hours=1)
    return Interval(start.astimezone(UTC), end.astimezone(UTC))


def first_expression(plain: str, today: date) -> "tuple[int, int, _Days] | None":
    """The first time expression of a text: where it starts and ends, and its days."""
    if not _may_speak_of_time(plain):
        return None
    best: tuple[int, int, _Days] | None = None
    for pattern, days_of in _RULES:
        match = pattern.search(plain)
        if match is None or (best is not None and (match.start(), -match.end()) >= (best[0], -best[1])):
            continue
        days = _within_calendar(days_of, match, today, plain)
        if days is not None:
            best = match.start(), match.end(), days
    return best


def _within_calendar(rule: "_Rule", match: re.Match[str], today: date, text: str) -> _Days | None:
    """What the rule says, or None where it leaves the years the calendar has."""
    try:
        return rule(match, today, text)
    except (ValueError, OverflowError):
        return None


_HINTS: Final = tuple(
    "day night week month year decade ago morrow morning noon evening summer winter spring autumn fall jan feb mar "
    "apr may jun "
    "jul aug sep oct nov dec".split()
)
_DIGIT: Final = re.compile(r"\d")


def _may_speak_of_time(text: str) -> bool:
    """Whether a text has anything of what any time expression has: most have not, and are done with at once."""
    if _DIGIT.search(text) is not None:
        return True
    lowered = text.lower()
    # A loop, not any(): this runs for every statement, where a generator costs five times as much.
    for hint in _HINTS:  # noqa: SIM110
        if hint in lowered:
            return True
    return False


CLOCK: Final = re.compile(
    r"\b(?:at|by|around|from)\s+(?:about )?(\d{1,2})(?::(\d\d))?\s*([ap])?\.?(?:m\b\.?)?(?!\s*(?:%|"
    r"years|people|\d|:))|"
    r"\b(?:at|by|around)\s+(noon|midnight)\b|\b(\d{1,2})(?::(\d\d))?\s*([ap])\.?m\b",
    re.IGNORECASE,
)


def _hour(text: str) -> time | None:
    """The hour of the clock a text names; a bare small number ("at 5") means the afternoon."""
    match = CLOCK.search(text)
    if match is None:
        return None
    if match[4]:
        return time(12 if match[4].lower() == "noon" else 0)
    hour = int(match[1] or match[5])
    minute = int(match[2] or match[6] or 0)
    half = (match[3] or match[7] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    elif match[2] is None and 1 <= hour <= 7:
        hour += 12
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _span(first: date, days: int = 1) -> _Days:
    return first, first + timedelta(days=days)


def _month(year: int, month: int) -> _Days:
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return _span(date(year, month, 1), monthrange(year, month)[1])


def _year(year: int) -> _Days | None:
    return (date(year, 1, 1), date(year + 1, 1, 1)) if 1 <= year < 9999 else None


def _count(word: str) -> int:
    word = word.lower().removeprefix("a ").removesuffix(" of")
    return int(word) if word.isdigit() else _NUMBERS[word]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _shifted(today: date, unit: str, steps: int) -> _Days | None:
    """`steps` units from today: a day; the seven days around a week's distance; a month; a year."""
    if unit.startswith("day"):
        return _span(today + timedelta(days=steps))
    if unit.startswith("weekend"):
        return _span(_monday(today) + timedelta(days=5 + 7 * steps), 2)
    if unit.startswith("week"):
        return _span(today + timedelta(days=7 * steps - 3), 7)
    if unit.startswith("month"):
        return _month(today.year, today.month + steps)
    if unit.startswith("decade"):
        return _year(today.year + 10 * steps)
    return _year(today.year + steps)


def _relative_day(match: re.Match[str], today: date, _: str) -> _Days:
    words = match[0].lower()
    if "before yesterday" in words:
        return _span(today - timedelta(days=2))
    if "after tomorrow" in words:
        return _span(today + timedelta(days=2))
    if "yesterday" in words or "last night" in words:
        return _span(today - timedelta(days=1))
    return _span(today + timedelta(days=1)) if "tomorrow" in words else _span(today)


def _ago(match: re.Match[str], today: date, _: str) -> _Days | None:
    return _shifted(today, match[2].lower(), -_count(match[1]))


def _in(match: re.Match[str], today: date, _: str) -> _Days | None:
    return _shifted(today, match[2].lower(), _count(match[1]))


def _named_unit(match: re.Match[str], today: date, _: str) -> _Days | None:
    """Last, this or next week, weekend, month, year, season."""
    which, unit = match[1].lower(), match[2].lower()
    step = {"last": -1, "past": -1, "previous": -1, "next": 1, "coming": 1}.get(which, 0)
    if unit == "weekend":
        monday = _monday(today)
        # On a Sunday or Saturday "last weekend" is the one before; on a weekday "this weekend" is still to come.
        return _span(monday + timedelta(days=5 + 7 * step), 2)
    if unit == "week":
        return _span(_monday(today) + timedelta(days=7 * step), 7)
    if unit == "month":
        return _month(today.year, today.month + step)
    if unit == "year":
        return _year(today.year + step)
    month = _SEASONS[unit]
    year = today.year
    if step < 0 and today < _month(year, month + 2)[1]:
        year -= 1
    elif step > 0 and today >= date(year, month, 1):
        year += 1
    return _month(year, month)[0], _month(year, month + 2)[1]


def _weekday(match: re.Match[str], today: date, text: str) -> _Days:
    which, wanted = (match[1] or "").lower().strip(), _WEEKDAYS[match[2].lower()]
    ahead = (wanted - today.weekday()) % 7
    back = (today.weekday() - wanted) % 7 or 7
    if which in ("last", "past", "previous"):
        return _span(today - timedelta(days=back))
    if which == "next":
        return _span(_monday(today) + timedelta(days=7 + wanted))
    if which in ("this", "coming", "this coming"):
        return _span(today + timedelta(days=ahead))
    if _PAST.search(text) and not _AHEAD.search(text):
        return _span(today - timedelta(days=back))
    return _span(today + timedelta(days=ahead or 7))


def _iso(match: re.Match[str], _today: date, _: str) -> _Days | None:
    return _dated(int(match[1]), int(match[2]), int(match[3]))


def _day_month(match: re.Match[str], today: date, text: str) -> _Days | None:
    return _near(int(match[1]), _MONTHS[match[2].lower()], match[3], today, text)


def _month_day(match: re.Match[str], today: date, text: str) -> _Days | None:
    return _near(int(match[2]), _MONTHS[match[1].lower()], match[3], today, text)


def _near(day: int, month: int, year: str | None, today: date, text: str) -> _Days | None:
    """A day without a year is the nearest one, in the direction the text's tense points to."""
    if year:
        return _dated(int(year), month, day)
    this = _dated(today.year, month, day)
    if this is None:
        return None
    past = _PAST.search(text) is not None and _AHEAD.search(text) is None
    if past and this[0] > today:
        return _dated(today.year - 1, month, day)
    if not past and this[0] < today:
        return _dated(today.year + 1, month, day)
    return this


def _dated(year: int, month: int, day: int) -> _Days | None:
    try:
        return _span(date(year, month, day))
    except (ValueError, OverflowError):
        return None


def _whole_month(match: re.Match[str], today: date, text: str) -> _Days | None:
    which, month = match[1].lower(), _MONTHS[match[2].lower()]
    if match[3]:
        return _month(int(match[3]), month)
    past = which == "last" or (which != "next" and _PAST.search(text) is not None and _AHEAD.search(text) is None)
    if past:
        return _month(today.year - (month >= today.month if which == "last" else month > today.month), month)
    return _month(today.year + (month <= today.month if which == "next" else month < today.month), month)


def _day_of_month(match: re.Match[str], today: date, text: str) -> _Days | None:
    """ "On the 5th": of this month or the next one, or the last where the text speaks of the past."""
    wanted = int(match[1])
    past = _PAST.search(text) is not None and _AHEAD.search(text) is None
    step = 0 if (wanted <= today.day if past else wanted >= today.day) else -1 if past else 1
    first, _ = _month(today.year, today.month + step)
    return _dated(first.year, first.month, wanted)


def _whole_year(match: re.Match[str], _today: date, _: str) -> _Days | None:
    return _year(int(match[1]))


_Rule = Callable[[re.Match[str], date, str], _Days | None]
_RULES: Final[tuple[tuple[re.Pattern[str], _Rule], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), rule)
    for pattern, rule in (
        (
            r"\bthe day (?:before yesterday|after tomorrow)\b|\byesterday\b|\blast night\b|\btomorrow\b|"
            r"\btoday\b|"
            r"\btonight\b|\bthis (?:morning|afternoon|evening)\b|\bearlier today\b",
            _relative_day,
        ),
        (rf"\b{_COUNT} (days?|weekends?|weeks?|months?|years?|decades?) (?:ago|back|earlier)\b", _ago),
        (rf"\b(?:in|within) {_COUNT} (days?|weeks?|months?|years?)\b(?! (?:ago|back))", _in),
        (rf"\b{_COUNT} (days?|weeks?|months?|years?) from (?:now|today)\b", _in),
        (
            r"\b(last|past|previous|this|next|coming) (weekend|week|month|year|spring|summer|"
            r"autumn|fall|winter)\b",
            _named_unit,
        ),
        (rf"\b(?:(last|past|previous|next|this coming|this|coming) )({_WEEKDAY})\b", _weekday),
        (rf"\b()({_WEEKDAY})\b(?!s)", _weekday),
        (r"\b(\d{4})-(\d\d)-(\d\d)\b", _iso),
        (rf"\b(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({_MONTH})\b(?:,? ({_YEAR}))?", _day_month),
        (rf"\b({_MONTH})\.? (\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d)(?:,? ({_YEAR}))?", _month_day),
        (
            rf"\b(in|last|next|this|since|back in|during) ({_FULL_MONTH})\b(?! \d{{1,2}}\b)(?:,? ({_YEAR}))?",
            _whole_month,
        ),
        (rf"\b(?:in|since|during|around|back in|of) ({_YEAR})\b", _whole_year),
        (r"\bon the (\d{1,2})(?:st|nd|rd|th)\b(?! (?:of|floor|street|avenue|grade|time|day|place))", _day_of_month),
    )
)
