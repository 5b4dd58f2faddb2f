"""The words with which people say what an attribute means: without one of them in a clause, it says nothing of it."""

from typing import Final

from server.domain.text import stem

_WORDS: Final = {
    "residence": "live living move relocate settle resettle reside rent home flat apartment house address base",
    "hometown": "hometown grow grew raise born native originally from",
    "workplace": "work job employ employer company office hire join start intern career gig",
    "occupation": "work job profession career employ am i'm become became train qualify be",
    "relationship_status": "marry single engage date divorce separate widow relationship together couple",
    "partner": "marry married engage date wife husband partner spouse boyfriend girlfriend fiance fiancee together",
    "children": "child children kid son daughter baby twins parent mother father",
    "siblings": "sibling brother sister twin",
    "family": "family relative mother father mom mum dad parent brother sister son daughter aunt uncle cousin grandma "
    "grandpa grandmother grandfather niece nephew",
    "people": "friend colleague neighbor neighbour boss roommate flatmate brother sister mother father mom mum dad son "
    "daughter aunt uncle cousin partner wife husband teacher coach call name know",
    "pet": "pet dog cat puppy kitten rabbit bunny hamster parrot bird fish horse turtle adopt",
    "school": "school college university uni study attend student campus",
    "studies": "study major degree student course thesis learn",
    "education": "study degree graduate bachelor master phd diploma school college university",
    "diet": "diet eat vegetarian vegan pescatarian kosher halal keto gluten dairy free",
    "allergy": "allergy allergic allergies intolerant intolerance",
    "health": "diagnose suffer have migraine asthma diabetes injury ill sick condition surgery therapy health",
    "birthday": "birthday born",
    "age": "age old year turn",
    "language": "speak language fluent native learn bilingual",
    "skill": "skill good can able talent play speak know excellent great",
    "weakness": "weak weakness bad terrible awful hopeless struggle poor",
    "goal": "goal plan want aim hope dream train save",
    "fear": "fear afraid scare terrify phobia dread frighten",
    "hobby": "hobby love enjoy like do play practise practice free",
    "activity": "do go play practise practice start train run enjoy love attend take",
    "owns": "own have buy bought get got",
    "collects": "collect collection",
    "likes": "like love enjoy adore fond keen fan into obsess crazy prefer",
    "dislikes": "dislike hate detest despise loathe",
    "eats": "eat cook diet",
    "drinks": "drink",
    "watches": "watch binge",
    "reads": "read",
    "listens_to": "listen hear",
    "plays": "play",
    "favorite": "favorite favourite best prefer",
}

_TURNED: Final = {
    "dislikes": "like love enjoy stand bear fan fond keen",
    "allergy": "eat have tolerate digest stomach",
    "weakness": "good great able can can't cannot",
}

WORDS: Final = {attribute: frozenset(map(stem, line.split())) for attribute, line in _WORDS.items()}
"""Stems that state the attribute."""

TURNED: Final = {attribute: frozenset(map(stem, line.split())) for attribute, line in _TURNED.items()}
"""Stems that state the attribute where they are denied: "I don't like tea" is a dislike."""

NEGATIVE: Final = frozenset(("dislikes", "allergy", "fear", "weakness"))
"""Attributes whose sentences may turn a negation round; what states them must not itself be denied."""


def stating(attribute: str, *, denied: bool) -> frozenset[str]:
    """The stems that state the attribute in a clause that denies something, or in one that does not."""
    if attribute.startswith("favorite_"):
        return WORDS["favorite"]
    if denied and attribute in NEGATIVE:
        return TURNED.get(attribute, frozenset())
    return WORDS[attribute]
