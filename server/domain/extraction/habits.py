"""What "I …" says of what somebody does, again and again or just now."""

import re
from typing import Final

from server.domain.extraction.english import bare, phrase, third_person, turned
from server.domain.extraction.items import items
from server.domain.extraction.statement import Statement

_DOES_NOT: Final = re.compile(
    r"(?:eat|drink|smoke|drive|cook|dance|swim|sing|play|watch|read|wear|exercise|work|"
    r"travel|own|do|believe|celebrate|listen|"
    r"speak|hunt|fish|run|like|use|shop|date|gamble|party|sleep|study|go)\b",
)


HABITS: Final = re.compile(
    r"(?:eat|drink|watch|read|listen|collect|play|cook|bake|travel|paint|draw|write|"
    r"sing|dance|run|jog|swim|hike|ski|surf|"
    r"garden|knit|sew|hunt|fish|volunteer|teach|speak|raise|breed|train|drive|ride|wear|"
    r"practice|exercise|sleep|smoke|"
    r"follow|support|make|build|fix|design|grow|sell|coach|juggle|meditate|pray|believe|"
    r"attend|bike|camp|climb|skate|"
    r"race|game|go|stay|help|bowl|golf|dye|shop|spend|donate|photograph|blog|stream|"
    r"compete|perform|walk|keep|use|"
    r"visit|serve|own|run|suffer|take|date|hang|sit|babysit|tutor|rent|sleep|rock|dress|"
    r"hit|wake|rescue|foster|snore)\b"
)


_FAVORITE_MEDIA: Final = {
    "eat": "eats",
    "drink": "drinks",
    "watch": "watches",
    "read": "reads",
    "listen": "listens_to",
    "speak": "language",
    "play": "plays",
    "collect": "collects",
    "believe": "belief",
    "own": "owns",
}


def habit(match: re.Match[str], negated: bool) -> list[Statement]:
    verb, rest = match["v"].lower(), match["x"]
    if negated:
        what = phrase(rest)
        if not _DOES_NOT.match(verb) or (verb in ("go", "do", "work", "use", "like") and not what):
            return []
        value = turned(bare(re.sub(r"^(?:to|in)\s+", "", what))) or verb
        attribute = _FAVORITE_MEDIA.get(verb, "habit")
        return [
            Statement(
                f"Does not {verb} {turned(what)}".strip(), "avoids", value, weight=0.5, closes=((attribute, value),)
            )
        ]
    made = []
    if verb == "go" and not re.match(r"\s*(?:to (?!the (?:store|bathroom))|\w+ing\b)", rest):
        return []
    for item in items(rest):
        said = f"{third_person(verb)} {turned(item)}"
        value = turned(bare(re.sub(r"^(?:to|in|at|on|with|for)\s+", "", item)))
        if value.lower() in ("home", "out", "up", "down", "back", "on", "off", "away", "care", "sense"):
            continue
        made.append(
            Statement(
                said[:1].upper() + said[1:],
                _FAVORITE_MEDIA.get(verb, "habit"),
                value,
                weight=0.45,
                confidence=0.7,
            )
        )
    if not made and verb in (
        "hunt",
        "fish",
        "sing",
        "dance",
        "swim",
        "paint",
        "hike",
        "surf",
        "ski",
        "knit",
        "travel",
        "smoke",
        "garden",
    ):
        made.append(Statement(third_person(verb).capitalize(), "habit", verb, weight=0.45, confidence=0.7))
    return made


def doing(match: re.Match[str], negated: bool) -> list[Statement]:
    verb, rest = match["v"].lower(), match["x"]
    what = phrase(rest, 6)
    if negated or not what:
        return []
    said = {"studying": "Studies", "learning": "Is learning", "majoring": "Majors", "training": "Is training"}.get(verb)
    attribute = "studies"
    if said is None:
        said, attribute = f"Has been {verb}", "activity"
        return [Statement(f"{said} {turned(what)}", attribute, turned(bare(what)), weight=0.3, confidence=0.5)]
    joined = " to" if rest.strip().lower().startswith("to ") else ""
    return [
        Statement(
            f"{said}{joined} {turned(what)}", attribute, bare(re.sub(r"^(?:in|to be|to|for)\s+", "", what)), weight=0.6
        )
    ]


_NO_HABIT: Final = frozenset(
    """
    think know guess mean see feel bet say agree understand need hope wish believe get go come do be have
    want let tell ask
    wonder remember forget call miss thank try seem suppose figure imagine find look talk appreciate
    promise swear suggest
    recommend assume doubt expect hear notice realize mind care happen plan did was were had got went
    came said saw thought
    knew felt told asked made took gave found left kept bought ate drank met heard read put ran sat stood
    won lost paid sent
    is am are been a the to of not so in on at for with from just really also do does can will would
    could should may might
    must shall better too and or but my your it that this ever never always already almost still even
    kind sort all both
    then now here there well absolutely definitely finally recently simply own start stop end begin
    finish leave give
    enough respond reply answer write type send worry apologize concur second relate bring wait sound
    totally probably
    """.split()
)


def other_habit(match: re.Match[str], negated: bool) -> list[Statement]:
    """Any other verb in the present tense: something done as a habit, with little weight."""
    verb = match["v"].lower()
    if negated or verb in _NO_HABIT or verb.endswith(("ed", "ing", "ly", "ght")):
        return []
    item = next(iter(items(match["x"])), "")
    value = turned(bare(re.sub(r"^(?:to|in|at|on|with|for)\s+", "", item)))
    if not value:
        return []
    said = f"{third_person(verb)} {turned(item)}"
    return [Statement(said[:1].upper() + said[1:], "habit", value, weight=0.3, confidence=0.5)]


def named_pet(match: re.Match[str], negated: bool) -> list[Statement]:
    if negated:
        return []
    kind, name = match["kind"].lower(), match["name"]
    title = name[:1].upper() + name[1:]
    return [
        Statement(
            f"Has a {kind} named {title}", "pet", title, weight=0.85, confidence=0.9, named=(("pet", title, kind),)
        )
    ]
