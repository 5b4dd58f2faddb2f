"""Word lists that the English rules share."""

from typing import Final

RELATIVES: Final[dict[str, str]] = {
    **{
        w: w
        for w in """
        mother father sister brother wife husband girlfriend boyfriend partner fiance fiancee spouse
        daughter son child
        baby twin grandmother grandfather aunt uncle cousin niece nephew grandson granddaughter
        grandchild stepmother
        stepfather stepson stepdaughter stepsister stepbrother friend roommate flatmate neighbor boss
        manager colleague
        coworker teacher therapist ex mentor parent sibling girl
        """.split()
    },
    "mom": "mother",
    "mum": "mother",
    "mommy": "mother",
    "ma": "mother",
    "dad": "father",
    "daddy": "father",
    "sis": "sister",
    "bro": "brother",
    "hubby": "husband",
    "wifey": "wife",
    "gf": "girlfriend",
    "bf": "boyfriend",
    "kid": "child",
    "grandma": "grandmother",
    "granny": "grandmother",
    "grandpa": "grandfather",
    "bestie": "friend",
    "best friend": "friend",
    "in-laws": "in-laws",
    "fiancé": "fiance",
    "fiancée": "fiancee",
}
"""How relatives are called, and the word they are filed under."""

PLURALS: Final[dict[str, str]] = {
    "kids": "child",
    "children": "child",
    "boys": "son",
    "girls": "daughter",
    "parents": "parent",
    "siblings": "sibling",
    "twins": "twin",
    "grandchildren": "grandchild",
    "grandkids": "grandchild",
    "grandparents": "grandparent",
    "wives": "wife",
    "in-laws": "in-laws",
    **{f"{w}s": w for w in RELATIVES if w not in ("in-laws", "child", "baby", "girl", "ma")},
}

PARTNERS: Final = frozenset("wife husband girlfriend boyfriend partner fiance fiancee spouse".split())
CHILDREN: Final = frozenset(
    "child son daughter baby twin kid kids children sons daughters stepson stepdaughter girl girls boys twins".split()
)
SIBLINGS: Final = frozenset("sister brother sibling twin stepsister stepbrother sisters brothers siblings".split())
FRIENDS: Final = frozenset(
    "friend roommate flatmate neighbor boss manager colleague coworker teacher therapist ex mentor".split()
)

PETS: Final = frozenset(
    """
    dog dogs puppy puppies cat cats kitten kittens kitty hamster rabbit bunny parrot bird birds fish
    goldfish turtle
    tortoise snake lizard iguana guinea ferret horse horses pony pig pigs goat goats chicken chickens rat
    mouse gecko
    chinchilla hedgehog retriever poodle beagle labrador lab bulldog terrier shepherd husky corgi dachshund pug
    chihuahua spaniel collie boxer dalmatian rottweiler doberman mutt pup doodle goldendoodle pitbull pet pets
    """.split()
)

PET_KINDS: Final[dict[str, str]] = {
    **dict.fromkeys(
        "puppy pup mutt retriever poodle beagle labrador lab bulldog terrier shepherd husky "
        "corgi dachshund pug chihuahua "
        "spaniel collie boxer dalmatian rottweiler doberman doodle goldendoodle pitbull".split(),
        "dog",
    ),
    "kitten": "cat",
    "kitty": "cat",
    "bunny": "rabbit",
}

PASSING: Final = frozenset(
    """
    fine good great ok okay well happy glad sorry sure tired exhausted sleepy hungry thirsty bored
    excited sad upset
    angry mad nervous anxious worried scared stressed busy ready here there back home late early done
    finished lost
    confused surprised curious interested jealous proud grateful thankful lucky blessed afraid aware able
    about gonna
    alright right wrong kidding joking serious honest certain just still not so too very really also
    always never
    going doing trying getting having looking thinking hoping feeling talking waiting sitting standing
    coming leaving
    heading calling writing asking saying telling making taking eating drinking watching reading
    listening wearing
    relaxing chilling hanging cooking baking wondering planning sick ill better worse off out in on at up
    down with
    from like all one it that this what how full cold hot warm awake drunk hungover alone free available
    impressed
    shocked amazed pleased delighted flattered touched positive pretty kind supposed used over under
    through around
    into for to as by of down's starting finishing enjoying loving missing helping turning crying
    laughing dying freezing
    bit little same guessing assuming pumped stoked thrilled overwhelmed relieved disappointed frustrated
    annoyed
    embarrassed ashamed hopeful speechless stuck lazy running dreaming using seeing running walking sleeping
    my the your his her their our i you he she they we yes no yeah oh hi hey hello wow lol haha more less
    then now
    """.split()
)
"""What "I am …" is followed by when it says nothing lasting."""

OCCUPATIONS: Final = frozenset(
    """
    accountant actor actress analyst architect artist astronaut athlete attorney author baker banker
    barber barista
    bartender biologist bookkeeper builder butcher carpenter cashier chef chemist cleaner clerk coach
    comedian consultant
    contractor cook counselor dancer dentist designer detective developer dietitian director doctor
    driver editor electrician
    engineer entrepreneur farmer firefighter fisherman florist freelancer gardener geologist guard
    guitarist hairdresser
    homemaker housewife illustrator instructor intern inventor janitor journalist judge lawyer lecturer
    librarian lifeguard
    linguist magician maid manager marine mathematician mechanic miner minister model musician nanny
    nurse officer painter
    paralegal paramedic pastor pharmacist photographer physician physicist pianist pilot plumber poet
    police policeman
    postman priest producer professor programmer psychologist ranger realtor receptionist reporter
    researcher sailor
    salesman scientist secretary singer soldier student surgeon surveyor tailor teacher technician
    therapist trainer
    translator tutor vet veterinarian waiter waitress welder writer youtuber blogger ceo founder
    technologist specialist
    assistant salesperson salesperson trucker cop firewoman fireman butler broker rapper drummer dj
    stripper cowboy
    """.split()
)

KINDS: Final = frozenset(
    """
    vegan vegetarian pescatarian carnivore omnivore catholic christian muslim jewish hindu buddhist
    atheist agnostic
    mormon protestant religious spiritual single married divorced engaged widowed separated gay lesbian
    bisexual straight
    transgender trans queer retired unemployed disabled deaf blind diabetic autistic dyslexic pregnant
    adopted tall short
    fat thin skinny slim overweight obese blonde blond brunette redhead redheaded bald bearded
    left-handed lefthanded
    introvert introverted extrovert extroverted shy colorblind homeless rich poor broke immigrant refugee orphan
    american british canadian australian german french italian spanish mexican indian chinese japanese
    korean brazilian
    irish scottish russian polish dutch swedish norwegian danish finnish greek turkish nigerian kenyan
    egyptian asian
    african european latino latina hispanic black white
    male female man woman military veteran bilingual multilingual colourblind nerdy geeky artistic creative
    athletic clumsy
    outgoing talkative quiet loud social antisocial sociable ambitious organized disorganized messy tidy lazy stubborn
    sensitive emotional romantic optimistic pessimistic competitive adventurous competent impatient patient
    perfectionist
    vain narcissistic petite tiny muscular stocky curvy obese slender lanky pudgy chubby heavyset plump handsome
    attractive
    ugly beautiful cute freckled hairy tattooed pale tan barefoot furry claustrophobic agoraphobic dyslexic insomniac
    nearsighted farsighted shortsighted paralyzed bankrupt wealthy famous celibate polyamorous monogamous asexual
    pansexual
    pagan wiccan amish sober alcoholic frugal thrifty cheap spoiled conservative liberal republican democrat libertarian
    anarchist feminist socialist pacifist environmentalist activist vegan gluten-free kosher halal homeschooled
    uneducated
    self-employed selfemployed underemployed self-taught widower bachelor orphaned gifted psychic royal superstitious
    allergic anemic bulimic anorexic hypochondriac schizophrenic ambidextrous athlete foodie gamer hipster hippie hippy
    goth punk nerd geek bookworm workaholic homebody jock hoarder minimalist loner extroverted grandmother grandfather
    round sick unmarried graduating alone lonely expecting heavy healthy unhealthy fit weak strong short-sighted
    shortest tallest youngest oldest blonde-haired ocd
    """.split()
)
"""Words after "I am" that say what somebody is."""

STATUS: Final = frozenset("unmarried single married divorced engaged widowed separated".split())
DIETS: Final = frozenset("vegan vegetarian pescatarian carnivore omnivore".split())
LOOKS: Final = frozenset(
    "petite tiny muscular stocky curvy slender lanky pudgy chubby plump freckled hairy shortest tallest tall short "
    "fat thin skinny slim "
    "overweight obese blonde blond brunette redhead redheaded bald bearded".split()
)
RELIGIONS: Final = frozenset(
    "pagan wiccan amish catholic christian muslim jewish hindu buddhist atheist agnostic mormon "
    "protestant religious spiritual".split()
)
HEALTH: Final = frozenset(
    "paralyzed anemic bulimic anorexic schizophrenic insomniac nearsighted disabled deaf blind diabetic "
    "autistic dyslexic pregnant colorblind".split()
)

NUMBER_WORDS: Final = (
    r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|several|"
    r"many|a couple of|a few|both)"
)

NOT_NAMES: Final = frozenset(
    """
    i monday tuesday wednesday thursday friday saturday sunday january february march april may june july
    august september
    october november december english spanish french german italian chinese japanese american british
    christmas easter
    halloween thanksgiving god lord jesus ok okay yes no hi hello hey oh wow thanks thank lol omg tv dvd
    cd usa uk us eu
    the a an and but so well my your he she it we they this that what when where who why how if not
    really just also
    covid internet google netflix youtube facebook instagram twitter amazon
    """.split()
)
