"""What "I …" says: the predicates that make facts and preferences, most telling first."""

import re
from collections.abc import Callable
from typing import Final

from server.domain.extraction import lexicon
from server.domain.extraction.being import being
from server.domain.extraction.english import bare, phrase, third_person, turned
from server.domain.extraction.having import having
from server.domain.extraction.statement import Statement

Maker = Callable[[re.Match[str], bool], list[Statement]]

_ITEM: Final = re.compile(r"\s*,\s*(?:and |or )?|\s+(?:and|or|as well as|&)\s+", re.IGNORECASE)
_MOST_ITEMS: Final = 3


def items(words: str) -> list[str]:
    """The members of a list of things ("pizza, tacos and beer"), as phrases."""
    found = []
    for piece in _ITEM.split(words):
        item = phrase(piece)
        if not item or (found and (_starts_predicate(item) or piece.lower().startswith(("some of", "all of", "most of")))):
            break
        found.append(item)
    return found[:_MOST_ITEMS]


_VERB_START: Final = re.compile(
    r"(?:I|am|is|are|was|have|has|had|do|did|live|lives|work|works|like|love|hate|enjoy|play|want|need|will|would|can|could|go|went|"
    r"study|eat|drink|watch|listen|read|just|also|not|never|always|it|she|he|they|you|my|we|then|so|one day|even|both)\b",
    re.IGNORECASE,
)


def _starts_predicate(words: str) -> bool:
    return _VERB_START.match(words) is not None


def _liking(match: re.Match[str], negated: bool) -> list[Statement]:
    made = []
    to = "to " if match["x"].lower().startswith("to ") else ""
    for item in items(match["x"]):
        value = bare(item)
        content = f"{'Dislikes' if negated else 'Likes'} {to}{turned(item)}"
        attribute, other = ("dislikes", "likes") if negated else ("likes", "dislikes")
        made.append(
            Statement(content, attribute, turned(value), type="preference", weight=0.55, closes=((other, value),))
        )
    return made


def _disliking(match: re.Match[str], negated: bool) -> list[Statement]:
    return [] if negated else _liking(match, True)


def _residence(match: re.Match[str], negated: bool) -> list[Statement]:
    place = phrase(match["x"], 6)
    if not place:
        return []
    where = f"{match['how']} {turned(place)}".strip()
    if negated:
        return [
            Statement(f"No longer lives {where}", "former_residence", bare(place), weight=0.5, closes=(("residence", bare(place)),))
        ]
    if match["how"].lower() in ("with", "alone"):
        return [Statement(f"Lives {where}", "household", bare(place), weight=0.6)]
    return [
        Statement(f"Lives {where}", "residence", bare(place), weight=0.8, confidence=0.9, named=_place(place, match["how"]))
    ]


def _place(words: str, how: str) -> tuple[tuple[str, str, str], ...]:
    if how.lower() not in ("in", "to", "near", "from", "outside of", "outside"):
        return ()
    name = bare(words)
    return (("place", name, ""),) if name[:1].isupper() and name.lower() not in lexicon.NOT_NAMES else ()


def _moved(match: re.Match[str], negated: bool) -> list[Statement]:
    place = phrase(match["x"], 5)
    if negated or not place or place.split()[0].lower() in ("a", "in", "next", "my", "their", "away", "out", "back", "on"):
        return []
    return [
        Statement(f"Lives in {place}", "residence", bare(place), weight=0.8, confidence=0.85, named=_place(place, "to"))
    ]


def _origin(match: re.Match[str], negated: bool) -> list[Statement]:
    place = phrase(match["x"], 5)
    if negated or not place:
        return []
    return [Statement(f"Is from {turned(place)}", "hometown", bare(place), weight=0.7, named=_place(place, "from"))]


def _grew_up(match: re.Match[str], negated: bool) -> list[Statement]:
    rest = phrase(match["x"], 7)
    if negated or not rest:
        return []
    verb = re.sub(r"^was ", "Was ", match["v"].lower())
    place = re.sub(r"^(?:in|on|near|by|at|with)\s+", "", rest)
    return [Statement(f"{verb[:1].upper()}{verb[1:]} {turned(rest)}", "upbringing", bare(place), weight=0.65)]


def _work(match: re.Match[str], negated: bool) -> list[Statement]:
    what, how = phrase(match["x"], 6), (match["how"] or "").lower()
    if not what:
        return []
    value = bare(what)
    if negated:
        return [
            Statement(f"No longer works {how} {what}", "former_workplace", value, weight=0.5, closes=(("workplace", value), ("occupation", value)))
        ]
    if how == "as":
        return [Statement(f"Works as {turned(what)}", "occupation", value, weight=0.8, confidence=0.9)]
    if how in ("at", "for"):
        role = re.search(rf"\bas (an? [\w -]+)", match["x"])
        named = (("workplace", value, ""),) if value[:1].isupper() else ()
        made = [Statement(f"Works {how} {turned(what)}", "workplace", value, weight=0.8, confidence=0.9, named=named)]
        if role and (job := phrase(role[1], 4)):
            made.append(Statement(f"Works as {job}", "occupation", bare(job), weight=0.8))
        return made
    if how in ("in", "with"):
        return [Statement(f"Works {how} {turned(what)}", "field", value, weight=0.7)]
    return [Statement(f"Works {turned(what)}", "work", value, weight=0.5, confidence=0.6)]


def _new_job(match: re.Match[str], negated: bool) -> list[Statement]:
    what = phrase(match["x"], 5)
    if negated or not what:
        return []
    value = bare(what)
    if match["how"].lower() == "as":
        return [Statement(f"Works as {turned(what)}", "occupation", value, weight=0.8)]
    named = (("workplace", value, ""),) if value[:1].isupper() else ()
    return [Statement(f"Works at {turned(what)}", "workplace", value, weight=0.8, named=named)]


def _quit(match: re.Match[str], negated: bool) -> list[Statement]:
    if negated:
        return []
    return [
        Statement(
            "Left their job", "employment", "left job", weight=0.7, closes=(("workplace", None), ("occupation", None), ("field", None))
        )
    ]


def _wish(match: re.Match[str], negated: bool) -> list[Statement]:
    rest = phrase(match["x"], 7)
    if negated or not rest:
        return []
    become = (match.groupdict().get("be") or "").lower()
    plans = re.match(r"(?:plan|am (?:planning|going)|intend)", match[0], re.IGNORECASE)
    content = f"{'Plans' if plans else 'Wants'} to {'be' if become in ('be', 'become') else become} {turned(rest)}".replace("  ", " ")
    if become in ("be", "become"):
        return [Statement(content, "goal", bare(rest), weight=0.65)]
    return [Statement(content, "goal", f"{become} {turned(bare(rest))}".strip(), weight=0.5, confidence=0.7)]


def _study(match: re.Match[str], negated: bool) -> list[Statement]:
    what = phrase(match["x"], 6)
    if negated or not what:
        return []
    return [Statement(f"Studies {turned(what)}", "studies", bare(what), weight=0.7)]


def _school(match: re.Match[str], negated: bool) -> list[Statement]:
    what = phrase(match["x"], 5)
    if negated or not what:
        return []
    verb = match["v"].lower()
    said = "Graduated from" if verb.startswith("grad") else "Goes to"
    return [Statement(f"{said} {turned(what)}", "school" if said == "Goes to" else "education", bare(what), weight=0.65)]


def _married(match: re.Match[str], negated: bool) -> list[Statement]:
    if negated:
        return []
    status = match["s"].lower()
    ends: tuple[tuple[str, str | None], ...] = (("partner", None),) if status == "divorced" else ()
    return [Statement(f"Is {status}", "relationship_status", status, weight=0.85, confidence=0.9, closes=ends)]


def _apart(_match: re.Match[str], negated: bool) -> list[Statement]:
    if negated:
        return []
    return [
        Statement("Is single after a break-up", "relationship_status", "single", weight=0.85, closes=(("partner", None),))
    ]


def _ability(match: re.Match[str], negated: bool) -> list[Statement]:
    what = phrase(match["x"], 6)
    if not what or what.split()[0].lower() in _NOT_A_SKILL:
        return []
    if negated and (eaten := re.match(r"(?P<v>eat|drink) (?P<x>.+)", what)):
        return [Statement(f"Can not {what}", "avoids", bare(eaten["x"]), weight=0.7, closes=(("likes", eaten["x"]),))]
    if negated:
        return [Statement(f"Can not {turned(what)}", "weakness", turned(what), weight=0.45, closes=(("skill", what),))]
    return [Statement(f"Can {turned(what)}", "skill", turned(what), weight=0.5)]


_NOT_A_SKILL: Final = frozenset(
    "see imagine believe understand relate tell say think wait hear help get be do only not never always also just even "
    "believe have stop afford remember go come take agree feel make use totally definitely really bet still find barely complain "
    "hardly lend give show send".split()
)


def _good_at(match: re.Match[str], negated: bool) -> list[Statement]:
    what = phrase(match["x"], 5)
    if not what:
        return []
    bad = negated != (match["q"].lower() in ("bad", "terrible", "awful", "horrible", "lousy", "suck"))
    if bad:
        return [Statement(f"Is bad at {turned(what)}", "weakness", turned(bare(what)), weight=0.45)]
    return [Statement(f"Is good at {turned(what)}", "skill", turned(bare(what)), weight=0.5)]


def _fear(match: re.Match[str], negated: bool) -> list[Statement]:
    what = phrase(match["x"], 5)
    if negated or not what:
        return []
    return [Statement(f"Is afraid of {turned(what)}", "fear", turned(bare(what)), weight=0.6)]


def _allergy(match: re.Match[str], negated: bool) -> list[Statement]:
    made = [
        Statement(
            f"Is {'not ' if negated else ''}allergic to {turned(item)}",
            "no_allergy" if negated else "allergy",
            bare(item),
            weight=0.85,
            confidence=0.95,
            closes=(("allergy", bare(item)),) if negated else (),
        )
        for item in items(match["x"])
    ]
    return made


def _visited(match: re.Match[str], negated: bool) -> list[Statement]:
    place = phrase(match["x"], 4)
    if not place or not match["x"].strip() or place.split()[0].lower() in ("a", "the", "bed", "my", "there"):
        return []
    said = "Has never been to" if negated else "Has been to"
    return [Statement(f"{said} {place}", "not_visited" if negated else "visited", bare(place), weight=0.45, named=_place(place, "to"))]


def _used_to(match: re.Match[str], negated: bool) -> list[Statement]:
    what = phrase(match["x"], 7)
    if negated or not what or what.split()[0].lower().endswith("ing"):
        return []
    return [Statement(f"Used to {turned(what)}", "past", turned(what), weight=0.4)]


_SCHOOLS: Final = re.compile(r"\b(?:school|college|university|grade|kindergarten|grad|academy)\b", re.IGNORECASE)
_ORGANISATIONS: Final = re.compile(
    r"\b(?:army|navy|military|marines|air force|band|club|team|choir|church|union|guard|society|orchestra|troupe|league|gang|fraternity|sorority)\b",
    re.IGNORECASE,
)
_NOT_A_PLACE: Final = frozenset(
    """
    my the a an your love bed trouble pain need charge shape mood middle front line good bad great hurry town home work
    school fire top vacation holiday break way it this that least all peace debt awe shock tears general fact touch time
    """.split()
)


def _within(match: re.Match[str], negated: bool) -> list[Statement]:
    """What somebody is in: a school, an army or a band, or a place."""
    what = phrase(match["x"], 5)
    if negated or not what:
        return []
    how, first = match["how"].lower(), what.split()[0].lower()
    if _SCHOOLS.search(what):
        return [Statement(f"Is {how} {turned(what)}", "school", turned(bare(what)), weight=0.65)]
    if _ORGANISATIONS.search(what):
        return [Statement(f"Is {how} {turned(what)}", "member_of", turned(bare(what)), weight=0.6)]
    if how != "in" or first in _NOT_A_PLACE or first.endswith("ing"):
        return []
    return [Statement(f"Is in {turned(what)}", "whereabouts", bare(what), weight=0.45, confidence=0.6, named=_place(what, "in"))]


def _married_someone(negated: bool) -> list[Statement]:
    return [] if negated else [Statement("Is married", "relationship_status", "married", weight=0.85, confidence=0.85)]


def _life_event(match: re.Match[str], negated: bool) -> list[Statement]:
    """Things that happen once in a life and stay part of it."""
    what = phrase(match["x"], 6)
    verb = match["v"].strip()
    if negated or not (what or verb == "retired") or (verb in ("lost", "started", "ran", "beat") and len(what.split()) < 2):
        return []
    return [Statement(f"{verb.capitalize()} {turned(what)}".strip(), "life_event", turned(bare(what)) or verb, weight=0.45, confidence=0.6)]


def _named_pet(match: re.Match[str], negated: bool) -> list[Statement]:
    if negated:
        return []
    kind, name = match["kind"].lower(), match["name"]
    title = name[:1].upper() + name[1:]
    return [Statement(f"Has a {kind} named {title}", "pet", title, weight=0.85, confidence=0.9, named=(("pet", title, kind),))]


_DOES_NOT: Final = re.compile(
    r"(?:eat|drink|smoke|drive|cook|dance|swim|sing|play|watch|read|wear|exercise|work|travel|own|do|believe|celebrate|listen|"
    r"speak|hunt|fish|run|like|use|shop|date|gamble|party|sleep|study|go)\b",
)
_HABITS: Final = re.compile(
    r"(?:eat|drink|watch|read|listen|collect|play|cook|bake|travel|paint|draw|write|sing|dance|run|jog|swim|hike|ski|surf|"
    r"garden|knit|sew|hunt|fish|volunteer|teach|speak|raise|breed|train|drive|ride|wear|practice|exercise|sleep|smoke|"
    r"follow|support|make|build|fix|design|grow|sell|coach|juggle|meditate|pray|believe|attend|bike|camp|climb|skate|"
    r"race|game|go|stay|help|bowl|golf|dye|shop|spend|donate|photograph|blog|stream|compete|perform|walk|keep|use|"
    r"visit|serve|own|run|suffer|take|date|hang|sit|babysit|tutor|rent|sleep|rock|dress|hit|wake|rescue|foster|snore)\b"
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


def _habit(match: re.Match[str], negated: bool) -> list[Statement]:
    verb, rest = match["v"].lower(), match["x"]
    if negated:
        what = phrase(rest)
        if not _DOES_NOT.match(verb) or (verb in ("go", "do", "work", "use", "like") and not what):
            return []
        value = turned(bare(re.sub(r"^(?:to|in)\s+", "", what))) or verb
        attribute = _FAVORITE_MEDIA.get(verb, "habit")
        return [
            Statement(f"Does not {verb} {turned(what)}".strip(), "avoids", value, weight=0.5, closes=((attribute, value),))
        ]
    made = []
    if verb == "go" and not re.match(r"\s*(?:to (?!the (?:store|bathroom))|\w+ing\b)", rest):
        return []
    for number, item in enumerate(items(rest)):
        subject = f"{third_person(verb)} {turned(item)}" if number == 0 else f"{third_person(verb)} {turned(item)}"
        value = turned(bare(re.sub(r"^(?:to|in|at|on|with|for)\s+", "", item)))
        if value.lower() in ("home", "out", "up", "down", "back", "on", "off", "away", "care", "sense"):
            continue
        made.append(Statement(subject[:1].upper() + subject[1:], _FAVORITE_MEDIA.get(verb, "habit"), value, weight=0.45, confidence=0.7))
    if not made and verb in ("hunt", "fish", "sing", "dance", "swim", "paint", "hike", "surf", "ski", "knit", "travel", "smoke", "garden"):
        made.append(Statement(third_person(verb).capitalize(), "habit", verb, weight=0.45, confidence=0.7))
    return made


_NO_HABIT: Final = frozenset(
    """
    think know guess mean see feel bet say agree understand need hope wish believe get go come do be have want let tell ask
    wonder remember forget call miss thank try seem suppose figure imagine find look talk appreciate promise swear suggest
    recommend assume doubt expect hear notice realize mind care happen plan did was were had got went came said saw thought
    knew felt told asked made took gave found left kept bought ate drank met heard read put ran sat stood won lost paid sent
    is am are been a the to of not so in on at for with from just really also do does can will would could should may might
    must shall better too and or but my your it that this ever never always already almost still even kind sort all both
    then now here there well absolutely definitely finally recently simply own start stop end begin finish leave give
    enough respond reply answer write type send worry apologize concur second relate bring wait sound totally probably
    """.split()
)


def _other_habit(match: re.Match[str], negated: bool) -> list[Statement]:
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


def _doing(match: re.Match[str], negated: bool) -> list[Statement]:
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
    return [Statement(f"{said}{joined} {turned(what)}", attribute, bare(re.sub(r"^(?:in|to be|to|for)\s+", "", what)), weight=0.6)]


RULES: Final[tuple[tuple[re.Pattern[str], Maker], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), maker)
    for pattern, maker in (
        (r"(?:named|called) (?:my|our) (?P<kind>dog|cat|puppy|kitten|horse|hamster|rabbit|parrot|bird) (?P<name>\w+)", _named_pet),
        (r"(?:love|like|enjoy|adore|prefer|dig|am (?:really |so |very )?(?:into|fond of|obsessed with|addicted to|crazy about|"
         r"in love with|passionate about|a (?:huge |big |total |great |massive )?(?:fan of|lover of|sucker for))|"
         r"am (?:a (?:huge |big |total )?)?(?P<fan>[\w ]{2,20}) fan\b|have a passion for|"
         r"(?:have |got )?(?:a )?(?:soft spot|weakness) for|live for|look forward to|fell in love with|crave|could live on) (?P<x>.+)", _liking),
        (r"(?:hate|dislike|despise|detest|loathe|am (?:so |really )?(?:sick|tired) of|avoid) (?P<x>.+)", _disliking),
        (r"(?:am|have been) (?:really |very |super |so |terribly )?allergic to (?P<x>.+)", _allergy),
        (r"(?:am|was) (?:really |very |so |super )?(?:scared|afraid|terrified|frightened|petrified) of (?P<x>.+)", _fear),
        (r"fear (?P<x>.+)", _fear),
        (r"(?:am (?:currently )?living|live|reside|stay|am staying) (?:right |just |close |up |down |out |way )?"
         r"(?P<how>in|at|near|by|on|with|outside of|outside|alone|next to) ?(?P<x>.*)", _residence),
        (r"(?:just |recently |have |had |have just )*(?:moved|relocated|am moving|am relocating) (?:here |back |out |over |down |up |away |from [\w ]+ )?to (?P<x>.+)", _moved),
        (r"(?:am|come|am originally|originally come|was) (?:originally )?from (?P<x>.+)", _origin),
        (r"(?P<v>grew up|was (?:born|raised)) (?P<x>.+)", _grew_up),
        (r"(?:am (?:currently |now )?working|work|used to work|worked) (?:full ?time |part ?time |now |currently |mostly |nights )?(?P<how>as|at|for|in|with) (?P<x>.+)", _work),
        (r"work(?P<how>) (?P<x>.+)", _work),
        (r"(?:just )?(?:got|started|have|landed|accepted|took) (?:a |my |the )?(?:new |first |great )?(?:job|position|gig|role)(?: offer)? (?P<how>at|with|as|for) (?P<x>.+)", _new_job),
        (r"(?:just )?(?:started working|joined|got hired) ?(?P<how>at|by|for|as|) ?(?P<x>\w+.*)", _new_job),
        (r"(?:just )?(?:quit|left|lost|resigned from) my (?:\w+ )?job", _quit),
        (r"(?:just |recently |finally )*(?:got|am getting|get|have been|am|was) (?:recently |happily |newly |already |just |still |now )*(?P<s>married|divorced|engaged|separated|widowed|single)\b", _married),
        (r"(?:just |recently |have )*(?:broke|split|broken) up\b", _apart),
        (r"(?:want|wanted|hope|would (?:love|like)|plan|aspire|dream|am (?:hoping|planning|trying|going)|have always wanted|wish|am going to school|intend) "
         r"(?:to (?P<be>be|become|work|own|move|travel|visit|learn|write|start|study|go|live|open|get|have|teach|join|buy|see|play|make) )(?P<x>.+)", _wish),
        (r"(?:dream of|aspire to) (?P<be>being|becoming)? ?(?P<x>.+)", _wish),
        (r"(?:study|studied|am (?:currently )?studying|am majoring in|major in|majored in|am getting (?:a|my) degree in|have a degree in) (?P<x>.+)", _study),
        (r"(?P<v>go|went|attend|attended|am going|graduated|am attending|study|am enrolled)(?: school)? (?:to |from |at |in )?(?P<x>(?:\w+ ){0,4}?(?:school|college|university|academy|institute)\b.*)", _school),
        (r"(?P<v>graduated) from (?P<x>.+)", _school),
        (r"(?:am|was) (?:really |very |so |pretty |super |quite )?(?P<q>good|great|bad|terrible|awful|amazing|excellent|horrible|lousy|skilled) (?:at|with) (?P<x>.+)", _good_at),
        (r"(?P<q>suck) at (?P<x>.+)", _good_at),
        (r"(?:can|know how to|am able to) (?P<x>.+)", _ability),
        (r"(?:have (?:never )?(?:been|traveled|travelled) to|visited|(?:traveled|travelled|went) to) (?P<x>.+)", _visited),
        (r"(?:became|become|have become|turned|went|am becoming|identify as|consider myself|have been) (?:a |an )?(?P<x>(?:\w+ )?(?:vegan|vegetarian|pescatarian|catholic|christian|muslim|atheist|widow|mother|father|mom|dad|teacher|nurse|citizen|american|single|divorced|married)\b.*)", being),
        (r"(?:am|was|have been|am still|am currently) (?:still |now |currently |away |up |down |over |back )*(?P<how>in|at|on) (?P<x>.+)", _within),
        (r"married (?P<x>.+)", lambda m, n: _married_someone(n)),
        (r"(?P<v>won|broke|lost|survived|wrote|published|built|invented|served|founded|started|retired|dyed|became|joined|sprained|injured|beat|ran|dropped out|graduated|inherited|donated|earned|had (?=\w+ (?:surgery|transplant)|surgery|an? (?:surgery|transplant|baby|accident|stroke|heart)))\b ?(?P<x>.*)", _life_event),
        (r"used to (?P<x>.+)", _used_to),
        (r"(?:have|have got|got|own|adopted|bought|just got|just bought|only have|had) (?P<x>.+)", having),
        (r"(?:am |have been |was )?(?P<v>studying|learning|majoring|training|teaching|writing|working on|reading|watching|listening to|playing|eating|wearing|drinking|taking|raising|dating|making|building|cooking|baking|brewing|driving|restoring|planning|carrying|sipping|growing) (?P<x>.+)", _doing),
        (r"am (?P<x>.+)", being),
        (rf"(?P<v>{_HABITS.pattern})(?P<x>.*)", _habit),
        (r"(?P<v>[a-z]+)\b (?P<x>.+)", _other_habit),
    )
)
