"""What "I …" says: the predicates that make facts and preferences, most telling first."""

import re
from collections.abc import Callable
from typing import Final

from server.domain.extraction import habits, liking, living, turning, working
from server.domain.extraction.being import being
from server.domain.extraction.dispatch import ANY, ByFirstWord
from server.domain.extraction.having import having
from server.domain.extraction.statement import Statement

Maker = Callable[[re.Match[str], bool], list[Statement]]

RULES: Final[ByFirstWord[tuple[re.Pattern[str], Maker]]] = ByFirstWord(
    (first, (re.compile(pattern, re.IGNORECASE), maker))
    for first, pattern, maker in (
        (
            "named called",
            r"(?:named|called) (?:my|our) (?P<kind>dog|cat|puppy|kitten|horse|hamster|rabbit|"
            r"parrot|bird) (?P<name>\w+)",
            habits.named_pet,
        ),
        (
            "love like enjoy adore prefer dig am have got a soft weakness live look fell crave could",
            r"(?:love|like|enjoy|adore|prefer|dig|am (?:really |so |very )?(?:into|fond of|obsessed "
            r"with|addicted to|crazy about|"
            r"in love with|passionate about|a (?:huge |big |total |great |massive )?(?:fan of|"
            r"lover of|sucker for))|"
            r"have a passion for|"
            r"(?:have |got )?(?:a )?(?:soft spot|weakness) for|live for|look forward to|fell "
            r"in love with|crave|could live on) (?P<x>.+)",
            liking.liking,
        ),
        (
            "hate dislike despise detest loathe am avoid",
            r"(?:hate|dislike|despise|detest|loathe|am (?:so |really )?(?:sick|tired) of|avoid) "
            r"(?P<x>.+)",
            liking.disliking,
        ),
        ("am have", r"(?:am|have been) (?:really |very |super |so |terribly )?allergic to (?P<x>.+)", liking.allergy),
        (
            "am was get got",
            r"(?:am|was|get|got) (?:really |very |so |super |too |always |a bit )*(?:scared|afraid|terrified|"
            r"frightened|"
            r"petrified) of (?P<x>.+)",
            liking.fear,
        ),
        (
            "look",
            r"look (?:a lot |just |exactly |kind of )?like (?P<x>(?!I\b|it\b|you\b|that\b|we\b|they\b).+)",
            liking.looking,
        ),
        ("fear", r"fear (?P<x>.+)", liking.fear),
        (
            "am live reside stay",
            r"(?:am (?:currently )?living|live|reside|stay|am staying) (?:right |just |close "
            r"|up |down |out |way )?"
            r"(?P<how>in|at|near|by|on|with|outside of|outside|alone|next to) ?(?P<x>.*)",
            living.residence,
        ),
        (
            "just recently have had moved relocated am",
            r"(?:just |recently |have |had |have just )*(?:moved|relocated|am moving|am relocating) "
            r"(?:here |back |out |over |down |up |away |from [\w ]+ )?to (?P<x>.+)",
            living.moved,
        ),
        (
            "just recently have had moved am left",
            r"(?:(?:just |recently |have |had )*(?:moved|am moving) out of|(?:just |recently |have |had )*left) "
            r"(?P<x>.+)",
            living.moved_out,
        ),
        (
            "am come originally was",
            r"(?:am|come|am originally|originally come|was) (?:originally )?from (?P<x>.+)",
            living.origin,
        ),
        ("grew was", r"(?P<v>grew up|was (?:born|raised)) (?P<x>.+)", living.grew_up),
        (
            "am have currently working work used worked",
            r"(?:(?:am |have been )?(?:currently )?working|work|used to work|worked) (?:full "
            r"?time |part ?time |now |currently |mostly |nights )?(?P<how>as|at|for|in|with) "
            r"(?P<x>.+)",
            working.work,
        ),
        ("work", r"work(?P<how>) (?P<x>.+)", working.work),
        (
            "just got started have landed accepted took",
            r"(?:just )?(?:got|started|have|landed|accepted|took) (?:a |my |the )?(?:new |first "
            r"|great )?(?:job|position|gig|role)(?: offer)? (?P<how>at|with|as|for) (?P<x>.+)",
            working.new_job,
        ),
        (
            "just started joined got",
            r"(?:just )?(?:started working|joined|got hired) ?(?P<how>at|by|for|as|) ?(?P<x>\w+.*)",
            working.new_job,
        ),
        ("just quit left lost resigned", r"(?:just )?(?:quit|left|lost|resigned from) my (?:\w+ )?job", working.quit),
        (
            "just recently got was have am",
            r"(?:just |recently )*(?:got|was|have been|am being) "
            r"(?:just |recently )?(?:fired(?! up\b)|laid off|let go(?! of\b)|sacked|"
            r"made redundant)\b(?P<x>.*)",
            working.fired,
        ),
        (
            "just recently finally got am get have was",
            r"(?:just |recently |finally )*(?:got|am getting|get|have been|am|was) (?:recently "
            r"|happily |newly |already |just |still |now )*(?P<s>married|divorced|engaged|separated|"
            r"widowed|single)\b",
            turning.married,
        ),
        (
            "just recently have broke split broken",
            r"(?:just |recently |have )*(?:broke|split|broken) up\b",
            turning.apart,
        ),
        (
            "want wanted hope plan aspire dream am have wish intend need decided try",
            r"(?:want|wanted|hope|plan|aspire|dream|am (?:hoping|planning|trying|going|saving up|looking forward|"
            r"dying|working|"
            r"wanting|looking|learning)|have always wanted|wish|am going to school|intend|need (?=to (?:be|become) "
            r"an? )|decided|try) "
            r"(?:on (?:being|becoming) |on (?=[a-z]+ing\b)|to (?:one day |also |someday |eventually "
            r")?)(?P<be>(?:(?<=being )|(?<=becoming ))|[a-z]+ )(?P<x>.+)",
            liking.wish,
        ),
        (
            "want wanted need crave have wish",
            r"(?:want|wanted|need|crave|have always wanted|wish for) (?!to\b)(?P<x>.+)",
            liking.wanting,
        ),
        ("dream aspire", r"(?:dream of|aspire to) (?P<be>being|becoming)? ?(?P<x>.+)", liking.wish),
        (
            "start begin am",
            r"(?:start|begin|am starting)(?: work| working| my new job)? (?P<how>at) (?P<x>(?-i:[A-Z])\w.*)",
            working.new_job,
        ),
        (
            "study studied am major majored have",
            r"(?:study|studied|am (?:currently )?studying|am majoring in|major in|majored in|"
            r"am getting (?:a|my) degree in|have a degree in) (?P<x>.+)",
            working.study,
        ),
        (
            "go went attend attended am graduated study",
            r"(?P<v>go|went|attend|attended|am going|graduated|am attending|study|am enrolled)(?: "
            r"school)? (?:to |from |at |in )?(?P<x>(?:\w+ ){0,4}?(?:school|college|university|"
            r"academy|institute)\b.*)",
            working.school,
        ),
        ("graduated", r"(?P<v>graduated) from (?P<x>.+)", working.school),
        (
            "am was",
            r"(?:am|was) (?:really |very |so |pretty |super |quite )?(?P<q>good|great|bad|terrible|"
            r"awful|amazing|excellent|horrible|lousy|skilled|decent|talented|gifted) (?:at|with|in) (?P<x>.+)",
            liking.good_at,
        ),
        ("suck", r"(?P<q>suck) at (?P<x>.+)", liking.good_at),
        ("can know am", r"(?:can|know how to|am able to) (?P<x>.+)", liking.ability),
        (
            "have visited traveled travelled went",
            r"(?:have (?:never )?(?:been|traveled|travelled) to|visited|(?:traveled|travelled|"
            r"went) to) (?P<x>.+)",
            living.visited,
        ),
        (
            "became become have turned went am going identify consider",
            r"(?:became|become|have become|turned|went|am becoming|am going|am turning|going|identify as|consider "
            r"myself|"
            r"have been) (?:a |an )?(?P<x>(?:\w+ )?(?:vegan|vegetarian|pescatarian|catholic|"
            r"christian|muslim|atheist|widow|mother|father|mom|dad|teacher|nurse|citizen|american|"
            r"single|divorced|married)\b.*)",
            being,
        ),
        (
            "am was have",
            r"(?:am|was|have been|am still|am currently) (?:still |now |currently |away |up "
            r"|down |over |back )*(?P<how>in|at|on) (?P<x>.+)",
            living.within,
        ),
        ("married", r"married (?P<x>.+)", turning.married_someone),
        (
            "won broke lost survived wrote published built invented served founded started retired dyed became joined "
            "sprained injured beat ran dropped graduated inherited donated earned had",
            r"(?P<v>won|broke|lost|survived|wrote|published|built|invented|served|founded|started|"
            r"retired|dyed|became|joined|sprained|injured|beat|ran|dropped out|graduated|inherited|"
            r"donated|earned|had (?=\w+ (?:surgery|transplant)|surgery|an? (?:surgery|transplant|"
            r"baby|accident|stroke|heart)))\b ?(?P<x>.*)",
            turning.life_event,
        ),
        ("used", r"used to (?P<x>.+)", turning.used_to),
        ("stopped quit gave", r"(?:stopped|quit|gave up) (?P<x>[a-z]+ing\b.*)", habits.given_up),
        ("have", r"have (?P<v>[a-z]+)\b(?P<x>.*)", habits.never),
        (
            "was",
            r"was (?:once |also |always )?(?P<a>an?) (?P<x>(?!bit|lot|little|long|good|great).+)",
            turning.was_once,
        ),
        (
            "have got own adopted bought just only had",
            r"(?:have got|have|got|own|adopted|bought|just got|just bought|only have|had) (?P<x>.+)",
            having,
        ),
        (ANY, habits.DOING.pattern, habits.doing),
        ("am", r"am (?P<x>.+)", being),
        (ANY, habits.HABIT.pattern, habits.acting),
    )
)
