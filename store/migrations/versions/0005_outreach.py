"""Outreach, analytics and maintenance."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text

from store.migrations.isolation import isolate

revision = "0005"
down_revision = "0004"

TABLES = (
    """
    CREATE TABLE outreach_configs (
        tenant_id TEXT NOT NULL,
        inactivity_enabled BOOLEAN NOT NULL,
        inactivity_days INTEGER NOT NULL,
        inactivity_max_attempts INTEGER NOT NULL,
        milestone_enabled BOOLEAN NOT NULL,
        recurring_enabled BOOLEAN NOT NULL,
        recurring_cron TEXT,
        quiet_hours_start TEXT NOT NULL,
        quiet_hours_end TEXT NOT NULL,
        max_per_day INTEGER NOT NULL,
        max_per_week INTEGER NOT NULL,
        requires_approval BOOLEAN NOT NULL,
        inactivity_template TEXT,
        milestone_template TEXT,
        recurring_template TEXT,
        recurring_until TIMESTAMP WITH TIME ZONE,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT outreach_configs_pkey PRIMARY KEY (tenant_id)
    )
    """,
    """
    CREATE TABLE outreach_channels (
        tenant_id TEXT NOT NULL,
        channel TEXT NOT NULL,
        kind TEXT NOT NULL,
        url TEXT,
        sender TEXT,
        secret BYTEA,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT outreach_channels_pkey PRIMARY KEY (tenant_id, channel)
    )
    """,
    """
    CREATE TABLE outreach_triggers (
        tenant_id TEXT NOT NULL,
        trigger_id TEXT NOT NULL,
        contact_id TEXT NOT NULL,
        trigger_type TEXT NOT NULL,
        channel TEXT NOT NULL,
        status TEXT NOT NULL,
        text_source TEXT NOT NULL,
        message TEXT,
        template TEXT,
        template_variables JSONB,
        llm_context TEXT,
        scheduled_at TIMESTAMP WITH TIME ZONE NOT NULL,
        expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
        expire_on_reply BOOLEAN NOT NULL,
        reason TEXT,
        occasion TEXT,
        dedupe_key TEXT,
        due_at TIMESTAMP WITH TIME ZONE NOT NULL,
        claimed_until TIMESTAMP WITH TIME ZONE,
        attempts INTEGER NOT NULL,
        outcome_unknown BOOLEAN NOT NULL,
        provider_message_id TEXT,
        failure TEXT,
        sent_at TIMESTAMP WITH TIME ZONE,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT outreach_triggers_pkey PRIMARY KEY (tenant_id, trigger_id),
        CONSTRAINT outreach_triggers_tenant_id_contact_id_fkey FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, contact_id) ON DELETE CASCADE
    )
    """,
    """
    CREATE UNIQUE INDEX outreach_triggers_dedupe_key ON outreach_triggers (tenant_id, contact_id, dedupe_key) WHERE dedupe_key IS NOT NULL AND status IN ('pending', 'held', 'claimed')
    """,
    """
    CREATE UNIQUE INDEX outreach_triggers_occasion_key ON outreach_triggers (tenant_id, contact_id, occasion) WHERE occasion IS NOT NULL
    """,
    """
    CREATE INDEX outreach_triggers_tenant_id_contact_id_scheduled_at_idx ON outreach_triggers (tenant_id, contact_id, scheduled_at)
    """,
    """
    CREATE INDEX outreach_triggers_tenant_id_scheduled_at_trigger_id_idx ON outreach_triggers (tenant_id, scheduled_at, trigger_id)
    """,
    """
    CREATE INDEX outreach_triggers_tenant_id_status_due_at_idx ON outreach_triggers (tenant_id, status, due_at)
    """,
    """
    CREATE TABLE outreach_outbox (
        tenant_id TEXT NOT NULL,
        trigger_id TEXT NOT NULL,
        contact_id TEXT NOT NULL,
        channel TEXT NOT NULL,
        message TEXT NOT NULL,
        sent_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT outreach_outbox_pkey PRIMARY KEY (tenant_id, trigger_id),
        CONSTRAINT outreach_outbox_tenant_id_contact_id_fkey FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, contact_id) ON DELETE CASCADE
    )
    """,
    """
    CREATE INDEX outreach_outbox_tenant_id_sent_at_trigger_id_idx ON outreach_outbox (tenant_id, sent_at, trigger_id)
    """,
    """
    CREATE TABLE channel_consents (
        tenant_id TEXT NOT NULL,
        contact_id TEXT NOT NULL,
        channel TEXT NOT NULL,
        status TEXT NOT NULL,
        source TEXT NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT channel_consents_pkey PRIMARY KEY (tenant_id, contact_id, channel),
        CONSTRAINT channel_consents_tenant_id_contact_id_fkey FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, contact_id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE daily_activity (
        tenant_id TEXT NOT NULL,
        contact_id TEXT NOT NULL,
        day DATE NOT NULL,
        turns INTEGER NOT NULL,
        happy INTEGER DEFAULT '0' NOT NULL,
        neutral INTEGER DEFAULT '0' NOT NULL,
        excited INTEGER DEFAULT '0' NOT NULL,
        playful INTEGER DEFAULT '0' NOT NULL,
        sad INTEGER DEFAULT '0' NOT NULL,
        anxious INTEGER DEFAULT '0' NOT NULL,
        frustrated INTEGER DEFAULT '0' NOT NULL,
        bored INTEGER DEFAULT '0' NOT NULL,
        angry INTEGER DEFAULT '0' NOT NULL,
        CONSTRAINT daily_activity_pkey PRIMARY KEY (tenant_id, contact_id, day),
        CONSTRAINT daily_activity_tenant_id_contact_id_fkey FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, contact_id) ON DELETE CASCADE
    )
    """,
    """
    CREATE INDEX daily_activity_tenant_id_day_contact_id_idx ON daily_activity (tenant_id, day, contact_id)
    """,
    """
    CREATE TABLE maintenance_runs (
        tenant_id TEXT NOT NULL,
        run_id TEXT NOT NULL,
        status TEXT NOT NULL,
        started_at TIMESTAMP WITH TIME ZONE NOT NULL,
        finished_at TIMESTAMP WITH TIME ZONE,
        after_contact TEXT,
        held_until TIMESTAMP WITH TIME ZONE NOT NULL,
        contacts INTEGER NOT NULL,
        churn_updated INTEGER NOT NULL,
        stages_changed INTEGER NOT NULL,
        streaks_ended INTEGER NOT NULL,
        memories_pruned INTEGER NOT NULL,
        memories_expired INTEGER NOT NULL,
        logs_removed INTEGER NOT NULL,
        keys_removed INTEGER NOT NULL,
        CONSTRAINT maintenance_runs_pkey PRIMARY KEY (tenant_id, run_id)
    )
    """,
    """
    CREATE INDEX maintenance_runs_tenant_id_started_at_idx ON maintenance_runs (tenant_id, started_at)
    """,
    """
    CREATE TABLE churn_models (
        tenant_id TEXT NOT NULL,
        r FLOAT NOT NULL,
        alpha FLOAT NOT NULL,
        a FLOAT NOT NULL,
        b FLOAT NOT NULL,
        fitted BOOLEAN NOT NULL,
        contacts INTEGER NOT NULL,
        fitted_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT churn_models_pkey PRIMARY KEY (tenant_id)
    )
    """,
)

TENANT_TABLES = (
    "outreach_configs",
    "outreach_channels",
    "outreach_triggers",
    "outreach_outbox",
    "channel_consents",
    "daily_activity",
    "maintenance_runs",
    "churn_models",
)

INDEXES = (
    ("contacts_tenant_id_first_active_at_idx", "contacts", "first_active_at"),
    ("contact_sessions_tenant_id_started_at_idx", "contact_sessions", "started_at"),
)

MEMORY_INDEXES = (
    ("memories_dated_idx", ["tenant_id", "event_start"], "event_start IS NOT NULL AND status = 'current'"),
    ("memories_birthdays_idx", ["tenant_id", "contact_id"], "attribute = 'birthday' AND status = 'current'"),
)

MOODS = ("happy", "neutral", "excited", "playful", "sad", "anxious", "frustrated", "bored", "angry")

BACKFILL = f"""
    INSERT INTO daily_activity (tenant_id, contact_id, day, turns, {", ".join(MOODS)})
    SELECT i.tenant_id, i.contact_id, (i.occurred_at AT TIME ZONE t.time_zone)::date, count(*),
      {", ".join(f"count(*) FILTER (WHERE i.mood = '{mood}' AND i.mood_source <> 'none')" for mood in MOODS)}
    FROM interaction_logs i JOIN tenants t ON t.tenant_id = i.tenant_id
    GROUP BY 1, 2, 3
"""

LAST_WROTE = """
    UPDATE contacts c SET last_wrote_at = w.at
    FROM (SELECT tenant_id, contact_id, max(occurred_at) AS at FROM interaction_logs
          WHERE btrim(coalesce(user_message, '')) <> '' GROUP BY 1, 2) w
    WHERE w.tenant_id = c.tenant_id AND w.contact_id = c.contact_id
"""

# Raw turns go with a tenant's retention: of whoever has fewer than it ever had, the last turn of either side stands in.
LAST_SEEN = """
    UPDATE contacts c SET last_wrote_at = c.last_active_at
    WHERE c.last_wrote_at IS NULL AND c.last_active_at IS NOT NULL
      AND (SELECT coalesce(sum(d.turns), 0) FROM contact_days d
           WHERE d.tenant_id = c.tenant_id AND d.contact_id = c.contact_id)
        > (SELECT count(*) FROM interaction_logs i WHERE i.tenant_id = c.tenant_id AND i.contact_id = c.contact_id)
"""


def upgrade() -> None:
    for statement in TABLES:
        op.execute(text(statement))
    for table in TENANT_TABLES:
        isolate(table)
    for name, table, column in INDEXES:
        op.create_index(name, table, ["tenant_id", column])
    for name, columns, condition in MEMORY_INDEXES:
        op.create_index(name, "memories", columns, postgresql_where=text(condition))
    # Filled in for those before by the backfill below.
    op.add_column("contacts", sa.Column("last_wrote_at", sa.TIMESTAMP(timezone=True)))
    # What was ingested before there were daily counts, tenant by tenant: the owner too sees only the tenant it names.
    connection = op.get_bind()
    for (tenant,) in connection.execute(text("SELECT tenant_id FROM tenants")).all():
        connection.execute(text("SELECT set_config('app.tenant', :tenant, true)"), {"tenant": tenant})
        connection.execute(text(BACKFILL))
        connection.execute(text(LAST_WROTE))
        connection.execute(text(LAST_SEEN))


def downgrade() -> None:
    op.drop_column("contacts", "last_wrote_at")
    for name, _, _ in MEMORY_INDEXES:
        op.drop_index(name, "memories")
    for name, table, _ in INDEXES:
        op.drop_index(name, table)
    for table in reversed(TENANT_TABLES):
        op.drop_table(table)
