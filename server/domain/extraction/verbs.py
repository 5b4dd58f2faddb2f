"""Verbs the rules know, in all their forms: what tells a habit, an activity or an event, and what tells nothing."""

from typing import Final, Literal, NamedTuple

Form = Literal["base", "third", "ing", "past"]


class Verb(NamedTuple):
    """A word as a form of a verb."""

    base: str
    form: Form


HABITUAL: Final = frozenset(
    """
    eat drink watch read listen collect play cook bake travel paint draw write sing dance run jog swim hike ski surf
    garden knit sew hunt fish volunteer teach speak raise breed train drive ride wear practice exercise sleep smoke
    follow support make build fix design grow sell coach juggle meditate pray believe attend bike camp climb skate
    race game go stay help bowl golf dye shop spend donate photograph blog stream compete perform walk keep use visit
    serve own suffer take date hang sit babysit tutor rent rock dress hit wake rescue foster snore study work live
    earn manage compose restore sculpt program code farm weave brew ferment row sail kayak box wrestle lift stretch
    stick deal daydream partake intern crochet carve weld repair mentor judge edit tour fly skateboard snowboard
    hop chew bite vape recycle
    """.split()
)
"""Verbs that, after "I", say what somebody does again and again."""

_OTHERS: Final = frozenset(
    """
    graduate emigrate immigrate divorce remarry propose achieve act adopt advise afford aid annoy appear apply
    argue arrange arrive assemble assist audition avoid
    bathe bear beat become befriend belong bid bike blow boil borrow bother bounce brag braid break breathe bring
    brush bury buy calm cancel care carry catch celebrate chase chat cheat cheer chill clean collapse color comb
    commute complain complete conduct consume cope cover crash crave create cross cry cuddle cultivate curl cut cycle
    debate decorate defend deliver dig dine discover display dive dj download drag dread dream drink drop dump earn
    eat embrace employ encourage enroll enter entertain escape establish experience experiment explore express fall
    fail fight fill film fire flip flirt flunk fold forge found freelance frown fry gamble gather get give glow grill
    groom guide hand handle hate haul heal hear hide hire hold host hug hurt identify import inherit injure install
    instruct interview invent invest invite iron jam jump kick kill kiss knock land laugh launch lead leap lease lend
    license lick lie light lose lounge lower maintain market marry massage master mend mess milk mine mix model
    mourn mow munch murder name nap navigate nurse obey open operate order organize outgrow overcome oversee
    overeat pack
    park participate party patent patrol peel pet pick pickle pilot plant plow polish portray pose post pour praise
    preach prefer prepare present preserve press prevent prioritize process produce promote protect prune publish pull
    punch purchase pursue push qualify quit quote raid rap reach rebuild receive record recover redecorate reduce refuse
    rehearse relax renovate represent research resell reside resign resist respect rest retire return revise rip
    risk roam roast rob roll root rule run sample save scare score scream scrub search self-publish send shake
    shape share
    shave shine ship shoot shower shred skip slam slap slice slip smell smile smash snack snap snack sneak sneeze
    snorkel soak socialize solve sort spar speed splurge sponsor sport sprain spread spy stalk stand starve steal
    stitch stock stroll struggle style submit succeed sunbathe survive swap swear sweat sweep swing tailor tan tame
    taste tattoo taxi tease tell test text throw tinker tip toast toss touch trade transfer translate transport
    trap treasure treat trick trim trip troll try tune twirl type umpire unwind upload vacation vent view vlog vote wait
    waltz wander wash waste water wed weep weigh whistle win wipe woodwork worship wrap yell snuggle nibble sip chomp
    spill swell burn feed cherish admire scratch strip whine psychoanalyze develop indulge evacuate frequent bleach
    spoil
    accomplish
    refurbish squeeze step punish bump dare puke blend utilize stutter switch focus crush dominate fear miss hang
    jam head cruise hitchhike backpack barbecue bbq cater prep devour gulp binge vomit
    """.split()
)
_SILENT: Final = frozenset(
    """
    think know guess mean see feel bet say agree understand hope wish come do be have let tell ask wonder remember
    forget call thank seem suppose figure imagine find look talk appreciate promise suggest recommend assume
    doubt expect notice realize mind happen plan start stop begin end finish leave respond reply answer worry apologize
    turn show put set move pass wait need want like love enjoy dislike can will sound stick lean add join meet pay
    decide consider stare change choose learn hear swear try tease text bother care chat get give bring hold send
    laugh smile cry cheer fail bid head get light lie hand
    """.split()
)
"""Verbs that, after "I", report, connect, or say nothing worth keeping; some have rules of their own."""

_IRREGULAR: Final[dict[str, str]] = {
    past: base
    for base, pasts in (
        pair.split(":")
        for pair in """
        eat:ate,eaten drink:drank buy:bought go:went,gone see:saw,seen meet:met win:won lose:lost get:got,gotten
        break:broke,broken write:wrote,written sell:sold build:built run:ran ride:rode,ridden drive:drove,driven
        fly:flew,flown swim:swam,swum sing:sang,sung give:gave,given catch:caught fall:fell,fallen take:took,taken
        teach:taught make:made have:had become:became begin:began choose:chose,chosen draw:drew,drawn grow:grew,grown
        hurt:hurt leave:left pay:paid shoot:shot sleep:slept spend:spent speak:spoke,spoken steal:stole,stolen
        throw:threw,thrown wear:wore,worn do:did quit:quit cut:cut beat:beat,beaten dig:dug fight:fought hang:hung
        hold:held keep:kept lead:led light:lit send:sent shake:shook stand:stood sweep:swept wake:woke bite:bit,bitten
        say:said tell:told think:thought know:knew,known feel:felt hear:heard find:found come:came sit:sat
        mean:meant bring:brought lend:lent hide:hid,hidden hit:hit put:put set:set let:let read:read forget:forgot
        blow:blew,blown bear:bore,born swear:swore weave:wove lie:lay dive:dove wed:wed breed:bred knit:knit sew:sewn
        sneak:snuck weep:wept swing:swung overeat:overate overcome:overcame understand:understood speed:sped
        rebuild:rebuilt resell:resold outgrow:outgrew spread:spread slay:slew
        """.split()
    )
    for past in pasts.split(",")
}
_DOUBLING: Final = frozenset(
    """
    run jog swim knit sit hop get cut dig win quit plan stop jam chat chop drop flip grab hug nap pet pin pop put
    rap rip
    rob scrub set shop shred skip slam slap slip snap spar stir swap tan tap tip trap trim trip wrap program bet bid beg
    drag babysit hit let drum clap cram vlog blog
    """.split()
)
_NEVER_PAST: Final = frozenset("read hit put set let cut hurt beat spread knit wed".split())
"""Past forms that are written like the base; they are taken for the base."""


def _ing(base: str) -> str:
    if base.endswith("ie"):
        return base[:-2] + "ying"
    if base.endswith("e") and not base.endswith(("ee", "ye", "oe")) and base != "be":
        return base[:-1] + "ing"
    return base + base[-1] + "ing" if base in _DOUBLING else base + "ing"


def _ed(base: str) -> str:
    if base.endswith("e"):
        return base + "d"
    if base.endswith("y") and base[-2] not in "aeiou":
        return base[:-1] + "ied"
    return base + base[-1] + "ed" if base in _DOUBLING else base + "ed"


def third_person(verb: str) -> str:
    """The present form of a verb for he, she or it: "watch" becomes "watches"."""
    if verb in _THIRD:
        return _THIRD[verb]
    if verb.endswith(("s", "sh", "ch", "x", "z", "o")):
        return verb + "es"
    if verb.endswith("y") and len(verb) > 1 and verb[-2] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + "s"


_THIRD: Final = {"have": "has", "do": "does", "go": "goes", "am": "is", "are": "is", "be": "is"}


def _forms() -> dict[str, Verb]:
    bases = HABITUAL | _OTHERS | _SILENT
    found: dict[str, Verb] = {}
    irregular = set(_IRREGULAR.values())
    for base in sorted(bases):
        found[_ing(base)] = Verb(base, "ing")
        if base not in irregular:
            found.setdefault(_ed(base), Verb(base, "past"))
        found.setdefault(third_person(base), Verb(base, "third"))
    for past, base in _IRREGULAR.items():
        if past not in _NEVER_PAST:
            found[past] = Verb(base, "past")
    for base in bases:
        found[base] = Verb(base, "base")
    found["quit"] = Verb("quit", "past")
    return found


_FORMS: Final = _forms()


def verb_of(word: str) -> Verb | None:
    """The verb that a lower-case word is a form of, or None where the rules know none."""
    return _FORMS.get(word)


def tells(base: str) -> bool:
    """Whether a verb says something by itself when its object follows."""
    return base not in _SILENT


def is_event(word: str) -> bool:
    """Whether a word is a past form that tells of something that happened, not of something thought, said or felt."""
    verb = _FORMS.get(word)
    return verb is not None and verb.form == "past" and (tells(verb.base) or verb.base in _TOLD_IN_THE_PAST)


_TOLD_IN_THE_PAST: Final = frozenset(
    "pass see get give bring meet have join choose leave pay learn finish change fail enjoy move".split()
)
