"""The rules of proactive messages: who may be written to, when, why, and how often.

Everything here is a pure function of its arguments: instants are aware datetimes, answers are in UTC, zones are
`tzinfo`.

    wall_clock    a local time as an instant, across gaps and repeats
    quiet_hours   when nothing goes out            caps        how much goes out in a local day and week
    consent       who may be written to            config      what a tenant chose
    inactivity, milestones, recurrence             what makes a message due, each an occasion that fires once
    dispatch      the one rule that schedule, fire and preview ask      foresight   the same rule over the days to come
    retry         what to do after a try at delivery
"""
