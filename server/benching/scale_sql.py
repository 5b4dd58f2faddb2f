"""The statements that fill the tenants of `kith bench scale`. Each makes its rows where they are kept.

`%(now)s` is the newest instant; numbers count from 0. Contact 0 is the busy one.
"""

from typing import Final

CONTACTS: Final = """
INSERT INTO contacts (
    tenant_id, contact_id, external_id, channel, display_name, language, created_at, version,
    mood, mood_strength, energy, style, stage, trust,
    streak_days, total_messages, total_sessions, active_days, disclosures,
    last_active_at, first_active_at, recent_gaps, hours, churn_risk, tags)
SELECT %(tenant)s, 'ct_scale_' || c, 'ct_scale_' || c, 'bench', 'Contact ' || c, 'en',
    %(now)s - interval '400 days' + c * interval '300 days' / %(contacts)s,
    1, 'neutral', 0, 'medium', 'casual', 'established', 'medium', 0, 0, 0, 0, 0, NULL, NULL,
    '{}', array_fill(0, ARRAY[24]), 0.1, ARRAY['group ' || c %% 20]
FROM generate_series(%(first)s::int, %(last)s::int) c
"""

# A history is shared by every `patterns`-th contact. Some were noted late, and some changed afterwards. In the order of
# contacts, as that is how the indexes lie: much quicker.
INTERACTIONS: Final = """
INSERT INTO interactions (
    tenant_id, interaction_id, contact_id, kind, content, metadata, origin, quality,
    occurred_at, created_at, updated_at)
SELECT %(tenant)s, 'int_scale_' || lpad((bank.n * %(per)s + m)::text, 10, '0'), 'ct_scale_' || c, bank.kind,
    bank.content, bank.metadata, 'api', bank.quality, bank.at, noted.at,
    CASE WHEN c %% 10 = 3 THEN least(%(now)s, noted.at + interval '2 days') ELSE noted.at END
FROM jsonb_to_recordset(%(bank)s::jsonb) AS bank(
    n int, pattern int, kind text, content text, metadata jsonb, quality float8, at timestamptz)
CROSS JOIN generate_series(0, %(per)s - 1) m
CROSS JOIN LATERAL (SELECT 1 + bank.pattern + m * %(patterns)s AS c) whose
CROSS JOIN LATERAL (SELECT least(%(now)s, bank.at + c %% 600 * interval '1 second') AS at) noted
WHERE c < %(contacts)s
ORDER BY 3, 2
"""

# Evenly over the last year; every twentieth is a call.
_BUSY: Final = """
FROM generate_series(%(first)s::int, %(last)s::int) b
CROSS JOIN LATERAL (
    SELECT %(now)s - (%(of_busy)s - b) * (interval '360 days' / %(of_busy)s) AS at) happened
"""
BUSY_INTERACTIONS: Final = f"""
INSERT INTO interactions (
    tenant_id, interaction_id, contact_id, kind, content, metadata, origin, origin_id, quality,
    occurred_at, created_at, updated_at)
SELECT %(tenant)s, 'int_scale_' || lpad((%(after)s + b)::text, 10, '0'), 'ct_scale_0',
    CASE WHEN b %% 20 = 0 THEN 'call'
        ELSE (ARRAY['message', 'message', 'message', 'email', 'email', 'note', 'meeting'])[1 + b %% 7] END,
    'Went through the open points and agreed on the order of the next ones.', '{{}}',
    CASE WHEN b %% 20 = 0 THEN 'call' ELSE 'api' END,
    CASE WHEN b %% 20 = 0 THEN 'call_scale_' || b END, 0, happened.at, happened.at, happened.at
{_BUSY}
"""
BUSY_CALLS: Final = f"""
INSERT INTO calls (
    tenant_id, call_id, contact_id, provider, call_sid, direction, number_unreadable, status, duration,
    topics, summary, collected_data, started_at, ended_at, created_at, updated_at)
SELECT %(tenant)s, 'call_scale_' || b, 'ct_scale_0', 'bench', 'sid-' || b, 'inbound', false, 'completed', 60 + b %% 900,
    '{{delivery}}', 'Went through the open points and agreed on the order of the next ones.', '{{}}',
    happened.at, happened.at + interval '5 minutes', happened.at, happened.at
{_BUSY}
WHERE b %% 20 = 0
"""
BUSY_TURNS: Final = f"""
INSERT INTO interaction_logs (
    tenant_id, contact_id, interaction_id, occurred_at, session_id, user_message, ai_response,
    mood, mood_confidence, mood_source, energy, answer, created_at)
SELECT %(tenant)s, 'ct_scale_0', 'turn_scale_' || lpad(b::text, 10, '0'), happened.at + interval '1 minute',
    'session-' || b / 100, 'Is the summer fair still on?', 'Yes, from Friday on.',
    'neutral', 0.5, 'rules', 'medium', '{{}}', happened.at + interval '1 minute'
{_BUSY}
WHERE b %% 10 = 5
"""  # noqa: S608 (a constant of ours)
BUSY_DAYS: Final = """
INSERT INTO daily_activity (tenant_id, contact_id, day, turns, first_at)
SELECT tenant_id, contact_id, (occurred_at AT TIME ZONE 'UTC')::date AS day, count(*), min(occurred_at)
FROM interaction_logs WHERE tenant_id = %(tenant)s GROUP BY tenant_id, contact_id, day
"""

# Row-level security keeps it within the tenant. The first `patterns` contacts after the busy one have every history.
SHARE_WARMTH: Final = """
UPDATE contacts AS c SET (
    warmth, warmth_band, warmth_changes_at, warmth_band_until, warmth_fell_at, last_touch_at, touches
) = (
    first.warmth, first.warmth_band, first.warmth_changes_at, first.warmth_band_until, first.warmth_fell_at,
    first.last_touch_at, first.touches)
FROM contacts AS first
WHERE c.tenant_id = %(tenant)s AND first.tenant_id = %(tenant)s
    AND c.external_id ~ '_[1-9][0-9]*$'
    AND substr(c.external_id, 10)::int > %(patterns)s
    AND first.contact_id = 'ct_scale_' || 1 + (substr(c.external_id, 10)::int - 1) %% %(patterns)s
"""

GRAPH_HEAD: Final = "INSERT INTO graph_heads (tenant_id, generation) VALUES (%(tenant)s, 1)"
GRAPH_EVENTS: Final = """
INSERT INTO graph_events (tenant_id, generation, event_id, kind, user_id, metadata, occurred_at)
SELECT %(tenant)s, 1, 'event-' || e, CASE WHEN e %% 5 = 0 THEN 'workspace' ELSE 'recall' END,
    'user-' || e %% %(users)s, '{}', %(now)s - (%(events)s - e) * (interval '180 days' / %(events)s)
FROM generate_series(%(first)s::int, %(last)s::int) e
"""
# Which event and which artifact: `Size.event_of` and `Size.artifact_of`.
GRAPH_EDGES: Final = """
INSERT INTO graph_edges (
    tenant_id, generation, tracked_id, event_id, artifact_id, kind, metadata, occurred_at, parked)
SELECT %(tenant)s, 1, 'edge-' || n, 'event-' || n / 10,
    'artifact-' || drawn.d * drawn.d * %(artifacts)s / 10000600009,
    (ARRAY['peel', 'peel', 'peel', 'peel', 'peel', 'peel', 'keep', 'keep', 'mark_good', 'mark_bad'])[1 + n %% 10],
    '{}', %(now)s - (%(edges)s - n) * (interval '180 days' / %(edges)s), false
FROM generate_series(%(first)s::int, %(last)s::int) n
CROSS JOIN LATERAL (SELECT n::bigint * 7919 %% 100003 AS d) drawn
"""
