"""The first schema: tenants, contacts, memories, the interaction log, and the job queue.

The job tables are those of the installed procrastinate; a newer version of it brings its own migration.
"""

from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy import text

from store.migrations.isolation import isolate

revision = "0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE audit_log (
        tenant_id TEXT NOT NULL,
        audit_id TEXT NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        actor TEXT NOT NULL,
        action TEXT NOT NULL,
        target TEXT,
        request_id TEXT,
        CONSTRAINT audit_log_pkey PRIMARY KEY (tenant_id, audit_id)
    )
    """,
    """
    CREATE INDEX audit_log_tenant_id_at_idx ON audit_log (tenant_id, at)
    """,
    """
    CREATE TABLE contacts (
        tenant_id TEXT NOT NULL,
        contact_id TEXT NOT NULL,
        external_id TEXT NOT NULL,
        channel TEXT NOT NULL,
        display_name TEXT,
        language TEXT NOT NULL,
        time_zone TEXT,
        outreach_consent BOOLEAN,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        version BIGINT NOT NULL,
        mood TEXT NOT NULL,
        mood_strength FLOAT NOT NULL,
        energy TEXT NOT NULL,
        style TEXT NOT NULL,
        stage TEXT NOT NULL,
        trust TEXT NOT NULL,
        streak_days INTEGER NOT NULL,
        streak_last_day DATE,
        total_messages INTEGER NOT NULL,
        total_sessions INTEGER NOT NULL,
        active_days INTEGER NOT NULL,
        disclosures INTEGER NOT NULL,
        last_active_at TIMESTAMP WITH TIME ZONE,
        first_active_at TIMESTAMP WITH TIME ZONE,
        session_id TEXT,
        recent_gaps FLOAT[] NOT NULL,
        hours INTEGER[] NOT NULL,
        churn_risk FLOAT NOT NULL,
        CONSTRAINT contacts_pkey PRIMARY KEY (tenant_id, contact_id),
        CONSTRAINT contacts_tenant_id_channel_external_id_key UNIQUE (tenant_id, channel, external_id)
    )
     WITH (fillfactor = 80)
    """,
    """
    CREATE INDEX contacts_tenant_id_churn_risk_contact_id_idx ON contacts (tenant_id, churn_risk, contact_id)
    """,
    """
    CREATE INDEX contacts_recent_idx ON contacts (tenant_id, coalesce(last_active_at, created_at), contact_id)
    """,
    """
    CREATE INDEX contacts_tenant_id_total_messages_contact_id_idx ON contacts (tenant_id, total_messages, contact_id)
    """,
    """
    CREATE TABLE erasure_receipts (
        tenant_id TEXT NOT NULL,
        receipt_id TEXT NOT NULL,
        contact_digest BYTEA NOT NULL,
        counts JSONB NOT NULL,
        erased_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT erasure_receipts_pkey PRIMARY KEY (tenant_id, receipt_id)
    )
    """,
    """
    CREATE INDEX erasure_receipts_tenant_id_contact_digest_idx ON erasure_receipts (tenant_id, contact_digest)
    """,
    """
    CREATE TABLE gateway_keys (
        tenant_id TEXT NOT NULL,
        key_id TEXT NOT NULL,
        name TEXT NOT NULL,
        key_hash BYTEA NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        expires_at TIMESTAMP WITH TIME ZONE,
        revoked_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT gateway_keys_pkey PRIMARY KEY (tenant_id, key_id),
        CONSTRAINT gateway_keys_tenant_id_key_hash_key UNIQUE (tenant_id, key_hash)
    )
    """,
    """
    CREATE TABLE idempotency_keys (
        tenant_id TEXT NOT NULL,
        operation TEXT NOT NULL,
        idempotency_key TEXT NOT NULL,
        request_hash BYTEA NOT NULL,
        started_at TIMESTAMP WITH TIME ZONE NOT NULL,
        response BYTEA,
        http_status TEXT,
        contact_id TEXT,
        expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT idempotency_keys_pkey PRIMARY KEY (tenant_id, operation, idempotency_key)
    )
    """,
    """
    CREATE INDEX idempotency_keys_tenant_id_expires_at_idx ON idempotency_keys (tenant_id, expires_at)
    """,
    """
    CREATE INDEX idempotency_keys_tenant_id_contact_id_idx ON idempotency_keys (tenant_id, contact_id)
    """,
    """
    CREATE TABLE signing_keys (
        tenant_id TEXT NOT NULL,
        key_id TEXT NOT NULL,
        public_jwk JSONB NOT NULL,
        private_key BYTEA NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        retired_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT signing_keys_pkey PRIMARY KEY (tenant_id, key_id)
    )
    """,
    """
    CREATE TABLE tenants (
        tenant_id TEXT NOT NULL,
        name TEXT NOT NULL,
        time_zone TEXT NOT NULL,
        status TEXT NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id)
    )
    """,
    """
    CREATE TABLE contact_days (
        tenant_id TEXT NOT NULL,
        contact_id TEXT NOT NULL,
        day DATE NOT NULL,
        turns INTEGER NOT NULL,
        CONSTRAINT contact_days_pkey PRIMARY KEY (tenant_id, contact_id, day),
        CONSTRAINT contact_days_tenant_id_contact_id_fkey FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, contact_id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE contact_sessions (
        tenant_id TEXT NOT NULL,
        contact_id TEXT NOT NULL,
        session_id TEXT NOT NULL,
        started_at TIMESTAMP WITH TIME ZONE NOT NULL,
        last_turn_at TIMESTAMP WITH TIME ZONE NOT NULL,
        turns INTEGER NOT NULL,
        CONSTRAINT contact_sessions_pkey PRIMARY KEY (tenant_id, contact_id, session_id),
        CONSTRAINT contact_sessions_tenant_id_contact_id_fkey FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, contact_id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE entities (
        tenant_id TEXT NOT NULL,
        contact_id TEXT NOT NULL,
        entity_id TEXT NOT NULL,
        type TEXT NOT NULL,
        display_name TEXT NOT NULL,
        aliases TEXT[] NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT entities_pkey PRIMARY KEY (tenant_id, contact_id, entity_id),
        CONSTRAINT entities_tenant_id_contact_id_fkey FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, contact_id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE interaction_logs (
        tenant_id TEXT NOT NULL,
        contact_id TEXT NOT NULL,
        interaction_id TEXT NOT NULL,
        occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
        session_id TEXT NOT NULL,
        turn_id TEXT,
        user_message TEXT,
        ai_response TEXT,
        user_message_ref TEXT,
        ai_response_ref TEXT,
        mood TEXT NOT NULL,
        mood_confidence FLOAT NOT NULL,
        mood_source TEXT NOT NULL,
        energy TEXT NOT NULL,
        answer JSONB NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT interaction_logs_pkey PRIMARY KEY (tenant_id, contact_id, interaction_id),
        CONSTRAINT interaction_logs_tenant_id_contact_id_fkey FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, contact_id) ON DELETE CASCADE
    )
    """,
    """
    CREATE INDEX interaction_logs_tenant_id_contact_id_occurred_at_idx ON interaction_logs (tenant_id, contact_id, occurred_at)
    """,
    """
    CREATE UNIQUE INDEX interaction_logs_turn_id_key ON interaction_logs (tenant_id, contact_id, turn_id) WHERE turn_id IS NOT NULL
    """,
    """
    CREATE TABLE memories (
        tenant_id TEXT NOT NULL,
        contact_id TEXT NOT NULL,
        memory_id TEXT NOT NULL,
        type TEXT NOT NULL,
        content TEXT NOT NULL,
        importance FLOAT NOT NULL,
        confidence FLOAT NOT NULL,
        subject TEXT,
        attribute TEXT,
        value TEXT,
        entity_ids TEXT[] NOT NULL,
        sources TEXT[] NOT NULL,
        interaction_ids TEXT[] NOT NULL,
        session_id TEXT,
        sequence INTEGER NOT NULL,
        speaker TEXT,
        occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
        event_start TIMESTAMP WITH TIME ZONE,
        event_end TIMESTAMP WITH TIME ZONE,
        strength FLOAT NOT NULL,
        strength_at TIMESTAMP WITH TIME ZONE,
        access_count INTEGER NOT NULL,
        status TEXT NOT NULL,
        valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
        valid_to TIMESTAMP WITH TIME ZONE,
        superseded_by TEXT,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT memories_pkey PRIMARY KEY (tenant_id, contact_id, memory_id),
        CONSTRAINT memories_tenant_id_contact_id_fkey FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, contact_id) ON DELETE CASCADE
    )
    """,
    """
    CREATE INDEX memories_tenant_id_contact_id_status_importance_memory_id_idx ON memories (tenant_id, contact_id, status, importance, memory_id)
    """,
)

TENANT_TABLES = (
    "audit_log",
    "contacts",
    "erasure_receipts",
    "gateway_keys",
    "idempotency_keys",
    "signing_keys",
    "contact_days",
    "contact_sessions",
    "entities",
    "interaction_logs",
    "memories",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(text(statement))
    for table in TENANT_TABLES:
        isolate(table)
    # The audit log and the receipts only grow: their rows go only with the whole tenant.
    for table in ("audit_log", "erasure_receipts"):
        op.execute(
            f"CREATE POLICY only_with_the_tenant ON {table} AS RESTRICTIVE FOR DELETE"
            f" USING (tenant_id = current_setting('app.deleting_tenant', true))"
        )
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))


def downgrade() -> None:
    raise RuntimeError("there is nothing before the first schema")
