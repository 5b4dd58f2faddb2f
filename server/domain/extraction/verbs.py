"""Verbs the rules know: base forms that tell a habit, past forms that tell an event, and what tells nothing."""

from typing import Final

HABITUAL: Final = frozenset(
    """
    eat drink watch read listen collect play cook bake travel paint draw write sing dance run jog swim hike ski surf
    garden knit sew hunt fish volunteer teach speak raise breed train drive ride wear practice exercise sleep smoke
    follow support make build fix design grow sell coach juggle meditate pray believe attend bike camp climb skate
    race game go stay help bowl golf dye shop spend donate photograph blog stream compete perform walk keep use visit
    serve own suffer take date hang sit babysit tutor rent rock dress hit wake rescue foster snore study work live
    earn manage compose restore sculpt program code farm weave brew ferment row sail kayak box wrestle lift stretch
    crochet carve weld repair mentor judge edit tour fly ice-skate skateboard snowboard hop chew bite vape recycle
    """.split()
)
"""Base forms after "I" that say what somebody does again and again."""

NOT_HABITUAL: Final = frozenset(
    """
    think know guess mean see feel bet say agree understand need hope wish get come do be have want let tell ask
    wonder remember forget call miss thank try seem suppose figure imagine find look talk appreciate
    promise swear suggest recommend assume doubt expect hear notice realize mind care happen plan did was were had
    is am are been a the to of not so in on at for with from just really also do does can will would
    could should may might must shall better too and or but my your it that this ever never always already almost
    still even kind sort all both then now here there well absolutely definitely finally recently simply start stop
    begin end finish leave give enough respond reply answer type send worry apologize concur second relate bring wait
    sound totally probably turn show put set hold move pass stand lose win break fall admire respect hate as if when
    because since while until before after cause cuz usually often sometimes mostly occasionally currently
    generally rarely barely hardly once twice ai told kinda prob gon def sorta ll ve re pregnant
    wanna gotta check stick lean add join meet pay kid cheer share push cry laugh smile welcome thanks due real
    super very plus me myself her him them us who what where how why which yes no ok oh hey hi lol
    one two three four five gonna tend act appear become remain continue choose decide consider qualify
    handle include require deserve value trust hang show turns wants guess bid dare
    """.split()
)
"""Words after "I" that tell no habit: they report, connect, or need a moment to mean something."""

_REPORTING: Final = frozenset("said thought told asked knew felt guessed meant heard hoped wished wondered".split())

PAST: Final = frozenset(
    """
    ate drank bought went saw met won lost got broke wrote sold built ran rode drove flew swam sang gave caught fell
    took taught made had became began chose drew grew hurt left paid read shot slept spent spoke stole threw
    wore did dyed quit cut beat dug fought hung held kept led lit sent shook stood swept woke wound bit
    hosted
    """.split()
)
"""Irregular past forms that tell an event; regular ones end in -ed."""

_NO_EVENT: Final = frozenset(
    """
    liked loved wanted needed hoped planned tried decided wondered asked thanked talked guessed seemed agreed
    missed supposed used mentioned reminded called replied answered assumed noticed realized appreciated
    texted messaged laughed cried smiled hated preferred enjoyed stopped ended waited looked turned believed
    meant happened said thought told knew felt heard wished figured supposed interested bored tired excited
    worried scared surprised confused amazed indeed sacred blessed related need feed speed bleed exceed proceed
    proceeded managed cared helped minded bored learned expected imagined considered listened remembered checked
    """.split()
)


def is_event(verb: str) -> bool:
    """Whether a past form tells of something that happened, not of something thought, said or felt."""
    if verb in _REPORTING or verb in _NO_EVENT:
        return False
    return verb in PAST or (verb.endswith("ed") and len(verb) > 4)
