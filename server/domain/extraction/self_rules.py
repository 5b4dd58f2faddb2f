"""What "I …" says: the predicates that make facts and preferences, most telling first."""

import re
from collections.abc import Callable
from typing import Final

from server.domain.extraction import habits, liking, living, turning, working
from server.domain.extraction.being import being
from server.domain.extraction.having import having
from server.domain.extraction.statement import Statement

Maker = Callable[[re.Match[str], bool], list[Statement]]

RULES: Final[tuple[tuple[re.Pattern[str], Maker], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), maker)
    for pattern, maker in (
        (
            r"(?:named|called) (?:my|our) (?P<kind>dog|cat|puppy|kitten|horse|hamster|rabbit|"
            r"parrot|bird) (?P<name>\w+)",
            habits.named_pet,
        ),
        (
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
            r"(?:hate|dislike|despise|detest|loathe|am (?:so |really )?(?:sick|tired) of|avoid) "
            r"(?P<x>.+)",
            liking.disliking,
        ),
        (r"(?:am|have been) (?:really |very |super |so |terribly )?allergic to (?P<x>.+)", liking.allergy),
        (
            r"(?:am|was|get|got) (?:really |very |so |super |too |always |a bit )*(?:scared|afraid|terrified|"
            r"frightened|"
            r"petrified) of (?P<x>.+)",
            liking.fear,
        ),
        (r"fear (?P<x>.+)", liking.fear),
        (
            r"(?:am (?:currently )?living|live|reside|stay|am staying) (?:right |just |close "
            r"|up |down |out |way )?"
            r"(?P<how>in|at|near|by|on|with|outside of|outside|alone|next to) ?(?P<x>.*)",
            living.residence,
        ),
        (
            r"(?:just |recently |have |had |have just )*(?:moved|relocated|am moving|am relocating) "
            r"(?:here |back |out |over |down |up |away |from [\w ]+ )?to (?P<x>.+)",
            living.moved,
        ),
        (
            r"(?:(?:just |recently |have |had )*(?:moved|am moving) out of|(?:just |recently |have |had )*left) "
            r"(?P<x>.+)",
            living.moved_out,
        ),
        (r"(?:am|come|am originally|originally come|was) (?:originally )?from (?P<x>.+)", living.origin),
        (r"(?P<v>grew up|was (?:born|raised)) (?P<x>.+)", living.grew_up),
        (
            r"(?:(?:am |have been )?(?:currently )?working|work|used to work|worked) (?:full "
            r"?time |part ?time |now |currently |mostly |nights )?(?P<how>as|at|for|in|with) "
            r"(?P<x>.+)",
            working.work,
        ),
        (r"work(?P<how>) (?P<x>.+)", working.work),
        (
            r"(?:just )?(?:got|started|have|landed|accepted|took) (?:a |my |the )?(?:new |first "
            r"|great )?(?:job|position|gig|role)(?: offer)? (?P<how>at|with|as|for) (?P<x>.+)",
            working.new_job,
        ),
        (r"(?:just )?(?:started working|joined|got hired) ?(?P<how>at|by|for|as|) ?(?P<x>\w+.*)", working.new_job),
        (r"(?:just )?(?:quit|left|lost|resigned from) my (?:\w+ )?job", working.quit),
        (
            r"(?:just |recently |finally )*(?:got|am getting|get|have been|am|was) (?:recently "
            r"|happily |newly |already |just |still |now )*(?P<s>married|divorced|engaged|separated|"
            r"widowed|single)\b",
            turning.married,
        ),
        (r"(?:just |recently |have )*(?:broke|split|broken) up\b", turning.apart),
        (
            r"(?:want|wanted|hope|plan|aspire|dream|am (?:hoping|planning|trying|going|saving up|looking forward|"
            r"dying|working|"
            r"wanting|looking|learning)|have always wanted|wish|am going to school|intend|need (?=to (?:be|become) "
            r"an? )|decided|try) "
            r"(?:on (?:being|becoming) |on (?=[a-z]+ing\b)|to (?:one day |also |someday |eventually "
            r")?)(?P<be>(?:(?<=being )|(?<=becoming ))|[a-z]+ )(?P<x>.+)",
            liking.wish,
        ),
        (r"(?:want|wanted|need|crave|have always wanted|wish for) (?!to\b)(?P<x>.+)", liking.wanting),
        (r"(?:dream of|aspire to) (?P<be>being|becoming)? ?(?P<x>.+)", liking.wish),
        (
            r"(?:study|studied|am (?:currently )?studying|am majoring in|major in|majored in|"
            r"am getting (?:a|my) degree in|have a degree in) (?P<x>.+)",
            working.study,
        ),
        (
            r"(?P<v>go|went|attend|attended|am going|graduated|am attending|study|am enrolled)(?: "
            r"school)? (?:to |from |at |in )?(?P<x>(?:\w+ ){0,4}?(?:school|college|university|"
            r"academy|institute)\b.*)",
            working.school,
        ),
        (r"(?P<v>graduated) from (?P<x>.+)", working.school),
        (
            r"(?:am|was) (?:really |very |so |pretty |super |quite )?(?P<q>good|great|bad|terrible|"
            r"awful|amazing|excellent|horrible|lousy|skilled|decent|talented|gifted) (?:at|with|in) (?P<x>.+)",
            liking.good_at,
        ),
        (r"(?P<q>suck) at (?P<x>.+)", liking.good_at),
        (r"(?:can|know how to|am able to) (?P<x>.+)", liking.ability),
        (
            r"(?:have (?:never )?(?:been|traveled|travelled) to|visited|(?:traveled|travelled|"
            r"went) to) (?P<x>.+)",
            living.visited,
        ),
        (
            r"(?:became|become|have become|turned|went|am becoming|am going|am turning|going|identify as|consider "
            r"myself|"
            r"have been) (?:a |an )?(?P<x>(?:\w+ )?(?:vegan|vegetarian|pescatarian|catholic|"
            r"christian|muslim|atheist|widow|mother|father|mom|dad|teacher|nurse|citizen|american|"
            r"single|divorced|married)\b.*)",
            being,
        ),
        (
            r"(?:am|was|have been|am still|am currently) (?:still |now |currently |away |up "
            r"|down |over |back )*(?P<how>in|at|on) (?P<x>.+)",
            living.within,
        ),
        (r"married (?P<x>.+)", turning.married_someone),
        (
            r"(?P<v>won|broke|lost|survived|wrote|published|built|invented|served|founded|started|"
            r"retired|dyed|became|joined|sprained|injured|beat|ran|dropped out|graduated|inherited|"
            r"donated|earned|had (?=\w+ (?:surgery|transplant)|surgery|an? (?:surgery|transplant|"
            r"baby|accident|stroke|heart)))\b ?(?P<x>.*)",
            turning.life_event,
        ),
        (r"used to (?P<x>.+)", turning.used_to),
        (r"(?:stopped|quit|gave up) (?P<x>[a-z]+ing\b.*)", habits.given_up),
        (r"have (?P<v>[a-z]+)\b(?P<x>.*)", habits.never),
        (r"was (?:once |also |always )?(?P<a>an?) (?P<x>(?!bit|lot|little|long|good|great).+)", turning.was_once),
        (r"(?:have got|have|got|own|adopted|bought|just got|just bought|only have|had) (?P<x>.+)", having),
        (habits.DOING.pattern, habits.doing),
        (r"am (?P<x>.+)", being),
        (habits.HABIT.pattern, habits.acting),
    )
)
