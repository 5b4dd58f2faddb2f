"""Interactions and warmth, the CRM side of contacts, calls, and the event graph."""

from alembic import op
from sqlalchemy import text

from store.migrations.isolation import isolate

revision = "0009"
down_revision = "0008"

TABLES = (
    """
    CREATE TABLE interactions (
        tenant_id TEXT NOT NULL,
        interaction_id TEXT NOT NULL,
        contact_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        content TEXT,
        metadata JSONB NOT NULL,
        origin TEXT NOT NULL,
        origin_id TEXT,
        external_id TEXT,
        quality FLOAT NOT NULL,
        occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT interactions_pkey PRIMARY KEY (tenant_id, interaction_id),
        CONSTRAINT interactions_tenant_id_contact_id_fkey FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, contact_id) ON DELETE CASCADE
    )
    """,
    """
    CREATE UNIQUE INDEX interactions_external_id_key ON interactions (tenant_id, external_id) WHERE external_id IS NOT NULL
    """,
    """
    CREATE UNIQUE INDEX interactions_origin_id_key ON interactions (tenant_id, origin, origin_id) WHERE origin_id IS NOT NULL
    """,
    """
    CREATE INDEX interactions_contact_created_idx ON interactions (tenant_id, contact_id, kind, created_at, interaction_id)
    """,
    """
    CREATE INDEX interactions_contact_occurred_idx ON interactions (tenant_id, contact_id, kind, occurred_at, interaction_id)
    """,
    """
    CREATE INDEX interactions_contact_updated_idx ON interactions (tenant_id, contact_id, kind, updated_at, interaction_id)
    """,
    """
    CREATE INDEX interactions_created_idx ON interactions (tenant_id, kind, created_at, interaction_id)
    """,
    """
    CREATE INDEX interactions_occurred_idx ON interactions (tenant_id, kind, occurred_at, interaction_id)
    """,
    """
    CREATE INDEX interactions_timeline_idx ON interactions (tenant_id, contact_id, occurred_at, interaction_id) INCLUDE (kind, origin, quality)
    """,
    """
    CREATE INDEX interactions_updated_idx ON interactions (tenant_id, kind, updated_at, interaction_id)
    """,
    """
    CREATE TABLE warmth_configs (
        tenant_id TEXT NOT NULL,
        fresh_days FLOAT NOT NULL,
        half_life_days FLOAT NOT NULL,
        daily_cap INTEGER NOT NULL,
        hot_from FLOAT NOT NULL,
        warm_from FLOAT NOT NULL,
        cool_from FLOAT NOT NULL,
        points JSONB NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT warmth_configs_pkey PRIMARY KEY (tenant_id)
    )
    """,
    """
    CREATE TABLE contact_identities (
        tenant_id TEXT NOT NULL,
        identity_id TEXT NOT NULL,
        contact_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        system TEXT NOT NULL,
        value TEXT NOT NULL,
        raw TEXT NOT NULL,
        unreadable BOOLEAN NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT contact_identities_pkey PRIMARY KEY (tenant_id, identity_id),
        CONSTRAINT contact_identities_tenant_id_contact_id_fkey FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, contact_id) ON DELETE CASCADE,
        CONSTRAINT contact_identities_tenant_id_kind_system_value_key UNIQUE (tenant_id, kind, system, value)
    )
    """,
    """
    CREATE INDEX contact_identities_tenant_id_contact_id_idx ON contact_identities (tenant_id, contact_id)
    """,
    """
    CREATE TABLE contact_merges (
        tenant_id TEXT NOT NULL,
        merge_id TEXT NOT NULL,
        contact_id TEXT NOT NULL,
        merged_contact_id TEXT NOT NULL,
        merged_channel TEXT NOT NULL,
        merged_external_id TEXT NOT NULL,
        merged_at TIMESTAMP WITH TIME ZONE NOT NULL,
        undo_until TIMESTAMP WITH TIME ZONE NOT NULL,
        undone_at TIMESTAMP WITH TIME ZONE,
        moved JSONB NOT NULL,
        CONSTRAINT contact_merges_pkey PRIMARY KEY (tenant_id, merge_id),
        CONSTRAINT contact_merges_tenant_id_contact_id_fkey FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, contact_id) ON DELETE CASCADE
    )
    """,
    """
    CREATE INDEX contact_merges_tenant_id_contact_id_merged_at_idx ON contact_merges (tenant_id, contact_id, merged_at)
    """,
    """
    CREATE INDEX contact_merges_tenant_id_merged_contact_id_idx ON contact_merges (tenant_id, merged_contact_id)
    """,
    """
    CREATE INDEX contact_merges_external_idx ON contact_merges (tenant_id, merged_channel, merged_external_id)
    """,
    """
    CREATE INDEX contact_merges_spent_idx ON contact_merges (tenant_id, undo_until) WHERE moved <> '{}'
    """,
    """
    CREATE TABLE calls (
        tenant_id TEXT NOT NULL,
        call_id TEXT NOT NULL,
        contact_id TEXT,
        provider TEXT NOT NULL,
        call_sid TEXT NOT NULL,
        agent_id TEXT,
        user_id TEXT,
        org_id TEXT,
        direction TEXT NOT NULL,
        caller_number TEXT,
        number_unreadable BOOLEAN NOT NULL,
        caller_name TEXT,
        status TEXT NOT NULL,
        duration FLOAT,
        recording_url TEXT,
        transcript TEXT,
        sentiment TEXT,
        topics TEXT[] NOT NULL,
        summary TEXT,
        collected_data JSONB NOT NULL,
        cost FLOAT,
        started_at TIMESTAMP WITH TIME ZONE NOT NULL,
        ended_at TIMESTAMP WITH TIME ZONE,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT calls_pkey PRIMARY KEY (tenant_id, call_id),
        CONSTRAINT calls_tenant_id_contact_id_fkey FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, contact_id) ON DELETE CASCADE,
        CONSTRAINT calls_tenant_id_provider_call_sid_key UNIQUE (tenant_id, provider, call_sid)
    )
    """,
    """
    CREATE INDEX calls_tenant_id_agent_id_started_at_call_id_idx ON calls (tenant_id, agent_id, started_at, call_id)
    """,
    """
    CREATE INDEX calls_tenant_id_contact_id_started_at_call_id_idx ON calls (tenant_id, contact_id, started_at, call_id)
    """,
    """
    CREATE INDEX calls_tenant_id_started_at_call_id_idx ON calls (tenant_id, started_at, call_id)
    """,
    """
    CREATE INDEX calls_recordings_idx ON calls (tenant_id, started_at) WHERE recording_url IS NOT NULL
    """,
    """
    CREATE INDEX calls_transcripts_idx ON calls (tenant_id, started_at) WHERE transcript IS NOT NULL
    """,
    """
    CREATE TABLE call_events (
        tenant_id TEXT NOT NULL,
        call_id TEXT NOT NULL,
        event_key TEXT NOT NULL,
        contact_id TEXT,
        told JSONB NOT NULL,
        received_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT call_events_pkey PRIMARY KEY (tenant_id, call_id, event_key),
        CONSTRAINT call_events_tenant_id_contact_id_fkey FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, contact_id) ON DELETE CASCADE
    )
    """,
    """
    CREATE INDEX call_events_tenant_id_contact_id_idx ON call_events (tenant_id, contact_id)
    """,
    """
    CREATE TABLE gone_calls (
        tenant_id TEXT NOT NULL,
        call_digest BYTEA NOT NULL,
        erased BOOLEAN NOT NULL,
        gone_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT gone_calls_pkey PRIMARY KEY (tenant_id, call_digest)
    )
    """,
    """
    CREATE TABLE call_endpoints (
        tenant_id TEXT NOT NULL,
        endpoint_id TEXT NOT NULL,
        provider TEXT NOT NULL,
        agent_id TEXT,
        secret BYTEA,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT call_endpoints_pkey PRIMARY KEY (tenant_id, endpoint_id)
    )
    """,
    """
    CREATE TABLE call_settings (
        tenant_id TEXT NOT NULL,
        default_region TEXT,
        recording_retention_days INTEGER,
        transcript_retention_days INTEGER,
        remember_summaries BOOLEAN NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT call_settings_pkey PRIMARY KEY (tenant_id)
    )
    """,
    """
    CREATE TABLE tracking_log (
        tenant_id TEXT NOT NULL,
        tracked_id TEXT NOT NULL,
        position BIGINT GENERATED BY DEFAULT AS IDENTITY,
        kind TEXT NOT NULL,
        user_id TEXT NOT NULL,
        contact_id TEXT,
        event_id TEXT NOT NULL,
        artifact_id TEXT,
        metadata JSONB NOT NULL,
        occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
        received_at TIMESTAMP WITH TIME ZONE NOT NULL,
        projected BOOLEAN DEFAULT 'false' NOT NULL,
        CONSTRAINT tracking_log_pkey PRIMARY KEY (tenant_id, tracked_id),
        CONSTRAINT tracking_log_tenant_id_contact_id_fkey FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, contact_id) ON DELETE CASCADE
    )
    """,
    """
    CREATE INDEX tracking_log_tenant_id_contact_id_idx ON tracking_log (tenant_id, contact_id)
    """,
    """
    CREATE INDEX tracking_log_tenant_id_event_id_idx ON tracking_log (tenant_id, event_id)
    """,
    """
    CREATE UNIQUE INDEX tracking_log_start_key ON tracking_log (tenant_id, event_id) WHERE kind IN ('recall', 'workspace')
    """,
    """
    CREATE INDEX tracking_log_tenant_id_position_idx ON tracking_log (tenant_id, position)
    """,
    """
    CREATE INDEX tracking_log_waiting_idx ON tracking_log (tenant_id, position) WHERE NOT projected
    """,
    """
    CREATE TABLE graph_heads (
        tenant_id TEXT NOT NULL,
        generation INTEGER NOT NULL,
        rebuilding INTEGER,
        rebuilt_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT graph_heads_pkey PRIMARY KEY (tenant_id)
    )
    """,
    """
    CREATE TABLE graph_events (
        tenant_id TEXT NOT NULL,
        generation INTEGER NOT NULL,
        event_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        user_id TEXT NOT NULL,
        contact_id TEXT,
        metadata JSONB NOT NULL,
        occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT graph_events_pkey PRIMARY KEY (tenant_id, generation, event_id),
        CONSTRAINT graph_events_tenant_id_contact_id_fkey FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, contact_id) ON DELETE CASCADE
    )
    """,
    """
    CREATE INDEX graph_events_tenant_id_contact_id_idx ON graph_events (tenant_id, contact_id)
    """,
    """
    CREATE INDEX graph_events_tenant_id_generation_user_id_occurred_at_idx ON graph_events (tenant_id, generation, user_id, occurred_at)
    """,
    """
    CREATE TABLE graph_edges (
        tenant_id TEXT NOT NULL,
        generation INTEGER NOT NULL,
        tracked_id TEXT NOT NULL,
        event_id TEXT NOT NULL,
        artifact_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        contact_id TEXT,
        metadata JSONB NOT NULL,
        occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
        parked BOOLEAN NOT NULL,
        CONSTRAINT graph_edges_pkey PRIMARY KEY (tenant_id, generation, tracked_id),
        CONSTRAINT graph_edges_tenant_id_contact_id_fkey FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, contact_id) ON DELETE CASCADE
    )
    """,
    """
    CREATE INDEX graph_edges_tenant_id_contact_id_idx ON graph_edges (tenant_id, contact_id)
    """,
    """
    CREATE INDEX graph_edges_of_artifact_idx ON graph_edges (tenant_id, generation, artifact_id, kind, event_id) WHERE NOT parked
    """,
    """
    CREATE INDEX graph_edges_of_event_idx ON graph_edges (tenant_id, generation, event_id, kind, artifact_id) WHERE NOT parked
    """,
    """
    CREATE INDEX graph_edges_parked_idx ON graph_edges (tenant_id, generation, event_id) WHERE parked
    """,
)

# Each has a default: a server of the version before, still running, does not name them.
COLUMNS = (
    "ALTER TABLE contacts ADD COLUMN title TEXT",
    "ALTER TABLE contacts ADD COLUMN tags TEXT[] DEFAULT '{}' NOT NULL",
    "ALTER TABLE contacts ADD COLUMN attributes JSONB DEFAULT '{}' NOT NULL",
    "ALTER TABLE contacts ADD COLUMN warmth FLOAT DEFAULT '0' NOT NULL",
    "ALTER TABLE contacts ADD COLUMN warmth_band TEXT DEFAULT 'cold' NOT NULL",
    "ALTER TABLE contacts ADD COLUMN warmth_changes_at TIMESTAMP WITH TIME ZONE",
    "ALTER TABLE contacts ADD COLUMN warmth_band_until TIMESTAMP WITH TIME ZONE",
    "ALTER TABLE contacts ADD COLUMN warmth_fell_at TIMESTAMP WITH TIME ZONE",
    "ALTER TABLE contacts ADD COLUMN last_touch_at TIMESTAMP WITH TIME ZONE",
    "ALTER TABLE contacts ADD COLUMN touches JSONB DEFAULT '[]' NOT NULL",
    "ALTER TABLE daily_activity ADD COLUMN first_at TIMESTAMP WITH TIME ZONE",
)

INDEXES = (
    "CREATE INDEX contacts_tenant_id_created_at_contact_id_idx ON contacts (tenant_id, created_at, contact_id)",
    "CREATE INDEX contacts_tenant_id_warmth_contact_id_idx ON contacts (tenant_id, warmth, contact_id)",
    "CREATE INDEX contacts_band_idx ON contacts (tenant_id, warmth_band, warmth, contact_id)",
    "CREATE INDEX contacts_cooling_idx ON contacts (tenant_id, warmth_band_until, contact_id) WHERE warmth_band <> 'cold'",
    "CREATE INDEX contacts_name_idx ON contacts (tenant_id, lower(coalesce(display_name, '')), contact_id)",
    "CREATE INDEX contacts_tenant_id_warmth_changes_at_idx ON contacts (tenant_id, warmth_changes_at)",
    "CREATE INDEX outreach_triggers_sent_idx ON outreach_triggers (tenant_id, contact_id, sent_at, trigger_id) WHERE status = 'sent'",
    "CREATE INDEX contacts_fallen_idx ON contacts (tenant_id, warmth_fell_at, contact_id) WHERE warmth_fell_at IS NOT NULL",
)

ADDED = (
    "title",
    "tags",
    "attributes",
    "warmth",
    "warmth_band",
    "warmth_changes_at",
    "warmth_band_until",
    "warmth_fell_at",
    "last_touch_at",
    "touches",
)

TENANT_TABLES = (
    "interactions",
    "warmth_configs",
    "contact_identities",
    "contact_merges",
    "calls",
    "call_events",
    "gone_calls",
    "call_endpoints",
    "call_settings",
    "tracking_log",
    "graph_heads",
    "graph_events",
    "graph_edges",
)

# Edges of an event that is erased, but of another contact than the event's, wait again: as a rebuild would leave them.
GRAPH = (
    """
    CREATE FUNCTION park_graph_edges() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE graph_edges e SET parked = true FROM gone
        WHERE e.tenant_id = gone.tenant_id AND e.generation = gone.generation AND e.event_id = gone.event_id AND NOT e.parked;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER graph_events_gone AFTER DELETE ON graph_events
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION park_graph_edges()
    """,
    # With the rights of whoever asks, so that row-level security holds in them too.
    """
    CREATE VIEW tracking_user_stats WITH (security_invoker = true) AS
    SELECT v.tenant_id, v.user_id,
        count(*) FILTER (WHERE v.kind = 'recall') AS recalls,
        count(*) FILTER (WHERE v.kind = 'workspace') AS workspaces,
        coalesce(sum(e.peels), 0)::bigint AS peels,
        coalesce(sum(e.keeps), 0)::bigint AS keeps,
        coalesce(sum(e.good), 0)::bigint AS good,
        coalesce(sum(e.bad), 0)::bigint AS bad,
        least(1, coalesce(sum(e.keeps) / nullif(sum(e.peels), 0), 0))::float AS keep_rate,
        least(min(v.occurred_at), min(e.first_at)) AS first_at,
        greatest(max(v.occurred_at), max(e.last_at)) AS last_at
    FROM graph_heads h
    JOIN graph_events v ON v.tenant_id = h.tenant_id AND v.generation = h.generation
    LEFT JOIN (
        SELECT tenant_id, generation, event_id,
            count(*) FILTER (WHERE kind = 'peel') AS peels, count(*) FILTER (WHERE kind = 'keep') AS keeps,
            count(*) FILTER (WHERE kind = 'mark_good') AS good, count(*) FILTER (WHERE kind = 'mark_bad') AS bad,
            min(occurred_at) AS first_at, max(occurred_at) AS last_at
        FROM graph_edges WHERE NOT parked GROUP BY tenant_id, generation, event_id
    ) e ON e.tenant_id = v.tenant_id AND e.generation = v.generation AND e.event_id = v.event_id
    GROUP BY v.tenant_id, v.user_id
    """,
    """
    CREATE VIEW tracking_artifact_stats WITH (security_invoker = true) AS
    SELECT e.tenant_id, e.artifact_id,
        count(*) FILTER (WHERE e.kind = 'peel') AS peels,
        count(*) FILTER (WHERE e.kind = 'keep') AS keeps,
        count(*) FILTER (WHERE e.kind = 'mark_good') AS good,
        count(*) FILTER (WHERE e.kind = 'mark_bad') AS bad,
        count(DISTINCT e.event_id) AS events,
        count(DISTINCT v.user_id) AS users,
        (count(DISTINCT e.event_id) FILTER (WHERE e.kind = 'keep'))::float / count(DISTINCT e.event_id) AS keep_rate,
        min(e.occurred_at) AS first_at,
        max(e.occurred_at) AS last_at
    FROM graph_heads h
    JOIN graph_edges e ON e.tenant_id = h.tenant_id AND e.generation = h.generation AND NOT e.parked
    JOIN graph_events v ON v.tenant_id = e.tenant_id AND v.generation = e.generation AND v.event_id = e.event_id
    GROUP BY e.tenant_id, e.artifact_id
    """,
)


# Of days whose raw turns are gone nobody knows it: then it is taken to have been noon.
FIRST_TURNS = """
    UPDATE daily_activity a SET first_at = i.first_at FROM (
        SELECT i.contact_id, (i.occurred_at AT TIME ZONE t.time_zone)::date AS day, min(i.occurred_at) AS first_at
        FROM interaction_logs i JOIN tenants t ON t.tenant_id = i.tenant_id
        WHERE i.tenant_id = :tenant GROUP BY 1, 2
    ) i
    WHERE a.tenant_id = :tenant AND a.contact_id = i.contact_id AND a.day = i.day
"""

# Their warmth is worked out by the next renewal of what is due.
WARMTH_DUE = """
    UPDATE contacts SET warmth_changes_at = last_active_at WHERE tenant_id = :tenant AND last_active_at IS NOT NULL
"""


def upgrade() -> None:
    for statement in (*COLUMNS, *INDEXES, *TABLES):
        op.execute(text(statement))
    for table in TENANT_TABLES:
        isolate(table)
    for statement in GRAPH:
        op.execute(text(statement))
    connection = op.get_bind()
    # Row-level security binds the owner too: without a tenant an update would find no row, and say nothing.
    for tenant in connection.execute(text("SELECT tenant_id FROM tenants ORDER BY tenant_id")).scalars().all():
        connection.execute(text("SELECT set_config('app.tenant', :tenant, true)"), {"tenant": tenant})
        for statement in (FIRST_TURNS, WARMTH_DUE):
            connection.execute(text(statement), {"tenant": tenant})
    connection.execute(text("SELECT set_config('app.tenant', '', true)"))


def downgrade() -> None:
    for view in ("tracking_artifact_stats", "tracking_user_stats"):
        op.execute(text(f"DROP VIEW {view}"))
    for table in reversed(TENANT_TABLES):
        op.drop_table(table)
    op.execute(text("DROP FUNCTION park_graph_edges()"))
    for column in ADDED:
        op.drop_column("contacts", column)
    op.drop_index("outreach_triggers_sent_idx")
    op.drop_column("daily_activity", "first_at")
