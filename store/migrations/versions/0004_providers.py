"""Language models and embedders of a tenant: their settings, what they used, vectors, which turns were read."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = (
    """
    CREATE TABLE processing_settings (
        tenant_id TEXT NOT NULL,
        strategy TEXT NOT NULL,
        daily_tokens BIGINT,
        daily_cost FLOAT,
        raw_turn_retention_days INTEGER,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT processing_settings_pkey PRIMARY KEY (tenant_id)
    )
    """,
    """
    CREATE TABLE providers (
        tenant_id TEXT NOT NULL,
        provider_id TEXT NOT NULL,
        role TEXT NOT NULL,
        kind TEXT NOT NULL,
        position INTEGER NOT NULL,
        name TEXT NOT NULL,
        base_url TEXT,
        model TEXT NOT NULL,
        dimensions INTEGER,
        api_key BYTEA,
        api_key_id TEXT,
        timeout_seconds FLOAT NOT NULL,
        prompt_price FLOAT NOT NULL,
        completion_price FLOAT NOT NULL,
        revision INTEGER NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT providers_pkey PRIMARY KEY (tenant_id, provider_id)
    )
    """,
    """
    CREATE TABLE provider_usage (
        tenant_id TEXT NOT NULL,
        day DATE NOT NULL,
        calls BIGINT NOT NULL,
        tokens BIGINT NOT NULL,
        cost FLOAT NOT NULL,
        CONSTRAINT provider_usage_pkey PRIMARY KEY (tenant_id, day)
    )
    """,
    """
    CREATE TABLE memory_embeddings (
        tenant_id TEXT NOT NULL,
        contact_id TEXT NOT NULL,
        memory_id TEXT NOT NULL,
        model TEXT NOT NULL,
        dimensions INTEGER NOT NULL,
        version INTEGER NOT NULL,
        content_hash TEXT NOT NULL,
        vector VECTOR NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT memory_embeddings_pkey PRIMARY KEY (tenant_id, contact_id, memory_id),
        CONSTRAINT memory_embeddings_tenant_id_contact_id_memory_id_fkey FOREIGN KEY(tenant_id, contact_id, memory_id) REFERENCES memories (tenant_id, contact_id, memory_id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE turn_readings (
        tenant_id TEXT NOT NULL,
        contact_id TEXT NOT NULL,
        interaction_id TEXT NOT NULL,
        model TEXT NOT NULL,
        memories INTEGER NOT NULL,
        read_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT turn_readings_pkey PRIMARY KEY (tenant_id, contact_id, interaction_id),
        CONSTRAINT turn_readings_tenant_id_contact_id_interaction_id_fkey FOREIGN KEY(tenant_id, contact_id, interaction_id) REFERENCES interaction_logs (tenant_id, contact_id, interaction_id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE enrichment_leases (
        tenant_id TEXT NOT NULL,
        contact_id TEXT NOT NULL,
        token TEXT NOT NULL,
        expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT enrichment_leases_pkey PRIMARY KEY (tenant_id, contact_id),
        CONSTRAINT enrichment_leases_tenant_id_contact_id_fkey FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, contact_id) ON DELETE CASCADE
    )
    """,
)

NAMES = (
    "processing_settings",
    "providers",
    "provider_usage",
    "memory_embeddings",
    "turn_readings",
    "enrichment_leases",
)


def upgrade() -> None:
    # Where the owner may not make extensions, the administrator makes this one once; then this does nothing.
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    for statement in TABLES:
        op.execute(sa.text(statement))
    for table in NAMES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} USING (tenant_id = current_setting('app.tenant', true))"
            f" WITH CHECK (tenant_id = current_setting('app.tenant', true))"
        )
    # The default stays: a server of the version before, still running, does not name the column.
    op.add_column("memories", sa.Column("origin", sa.Text, nullable=False, server_default="rules"))
    op.create_index("interaction_logs_tenant_id_created_at_idx", "interaction_logs", ["tenant_id", "created_at"])


def downgrade() -> None:
    op.drop_index("interaction_logs_tenant_id_created_at_idx", "interaction_logs")
    op.drop_column("memories", "origin")
    for table in reversed(NAMES):
        op.drop_table(table)
