"""Nouns by what "my …" makes of them: things that are owned, parts of the body, and words that name nothing had."""

from typing import Final

THINGS: Final = frozenset(
    """
    house home apartment flat condo farm ranch cabin cottage garden yard backyard pool car truck van motorcycle
    bike bicycle boat yacht plane helicopter scooter jeep suv sedan minivan convertible tesla bmw mustang ferrari toyota
    honda ford prius corvette camaro chevy chevrolet audi mercedes porsche subaru nissan mazda volvo jaguar lamborghini
    cadillac lexus rv camper trailer tractor wagon guitar piano violin drums drum ukulele cello flute trumpet saxophone
    banjo harmonica clarinet keyboard bass harp accordion camera telescope computer laptop pc phone smartphone iphone
    ipad tablet xbox playstation console nintendo tv television couch sofa library studio store shop business restaurant
    bakery company cafe bar salon gym glasses braces contacts tattoo tattoos beard mustache piercing piercings freckles
    dimples scar scars collection records vinyl greenhouse treehouse guesthouse kayak surfboard skateboard snowboard
    drone garage bookstore vineyard medication wheelchair website blog channel podcast band startup practice firm
    mansion castle villa townhouse dorm loft duplex bedroom basement attic porch balcony kitchen office workshop
    bathtub jacuzzi sauna fireplace grill oven blender juicer desk bookshelf bookcase lamp piano mirror
    purse handbag backpack wallet watch ring necklace bracelet earrings hat hats shoes sneakers boots heels dress
    jacket coat suit suspenders uniform wig jersey kimono scarf gloves headphones
    sword swords knife gun guns rifle bow telescope microscope globe atlas typewriter
    aquarium terrarium stable barn ranch orchard greenhouse beehive hives chickens
    toys barbies dolls doll legos lego puzzles comics books cookbook cookbooks novel novels
    savings trust inheritance mortgage loan loans debt scholarship degree diploma license permit certificate visa
    belt medal medals trophy trophies
    """.split()
)
"""What is worth noting as somebody's own when it is only mentioned."""

BODY: Final = frozenset(
    """
    hair eyes eye skin throat neck chest shoulder shoulders hip hips ankle ankles nose ears toes toe feet foot face
    legs leg arms arm hands hand teeth nails height weight voice
    beard fingers finger cheeks back knee head lips thumb thumbs freckles mustache eyebrows smile accent
    """.split()
)

ABSTRACT: Final = frozenset(
    """
    life day days time times way mind opinion turn bad god goodness word words point thing things problem problems
    fault idea ideas question answer experience understanding guess hope thought thoughts heart own advice best
    self case place kind type favorite favourite name age birthday bit week weekend morning night evening plan plans
    luck job work stuff pleasure mood feelings feeling dream dreams future past memory memories story side part end
    goal goals help lol honor ass butt body soul skills lot break breakfast lunch dinner blast lives turnaround
    love fav fave least worst other only interest interests color least tummy stomach
    backs while everything anything something since moment kind
    """.split()
)
"""Nouns that "my …" or "have …" names without anything being had."""

ABSTRACT_ENDINGS: Final = (
    "ness", "ment", "tion", "sion", "ity", "ship", "ance", "ence", "ism", "hood", "dom", "ude", "ure", "ing", "ings",
    "ress", "self", "selves",
)  # fmt: skip

HOMES: Final = frozenset("house home apartment farm condo place cabin ranch".split())
"""Things that are somewhere, which is worth keeping with them."""

MASS: Final = frozenset(
    """
    coffee tea wine beer water soda milk juice food pasta rice bread cheese meat fruit candy chocolate sushi pizza
    art music hair money
    gear equipment makeup medicine insulin shrimp fish bacon
    """.split()
)
"""Nouns without an article."""

NOTHING_OWNED: Final = frozenset(
    """
    family friend friends people homework god lord boy girl man woman guys guy ex husbands grade class classes team
    coworker coworkers
    boss school church college university country city town state area neighborhood hometown language native
    nationality culture
    religion faith english accent health diet pleasure bedtime shift paycheck salary income bills bill taxes tax
    order dinner
    exam exams test tests finals studies major minor thesis essay course courses degree grades homeroom career position
    profession occupation title role boyfriend's friends' true real dreams dear darling bestie buddy buds pals mate
    mates
    total entire hunger thirst attention nerves patience schedule routine bucket list go favorites fans fan
    followers audience
    customers clients patients students employees employer neighbors tribe crew squad generation ancestors heritage
    roots race
    gender sex sexuality height weight size shape figure looks appearance style sense humor taste tastes preference
    preferences
    hobbies hobby pastime passion talent specialty expertise area field line sweet tooth guess bad mistake fault
    pride joy
    vote view views perspective beliefs thoughts doubts fears fear worries concerns needs wants desires wishes hopes
    dentist doctor therapist lawyer accountant landlord hairdresser vet gynecologist barber trainer flight meeting
    appointment exam interview
    history world choice lap life lifetime childhood youth head forehead start end top bottom rest share part back
    front own
    address email number username password account question turn reply message comment post
    parents' house's name's nickname last middle own behalf knowledge ability abilities
    corner match hospital freetime subject subjects mug
    hallway thief lack blood pressure sugar hours minutes miles pounds fam soon nice precious vocabulary homeland
    moms dads
    parents mac
    will whole wonderful amazing great awesome sweet dear poor little younger older very most
    """.split()
)
"""Nouns after "my" that say nothing is owned, or nothing worth keeping."""
