"""A sentence encoder that a tenant may rank with, and its vectors of memories."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0004"


def upgrade() -> None:
    # The default stays: a server of the version before, still running, does not name the column.
    op.add_column("tenants", sa.Column("ranking_encoder", sa.Text, nullable=False, server_default="none"))
    op.execute(
        """
        CREATE TABLE memory_encodings (
            tenant_id TEXT NOT NULL,
            contact_id TEXT NOT NULL,
            memory_id TEXT NOT NULL,
            encoder TEXT NOT NULL,
            content_hash TEXT NOT NULL,
            vector BYTEA NOT NULL,
            CONSTRAINT memory_encodings_pkey PRIMARY KEY (tenant_id, contact_id, memory_id),
            CONSTRAINT memory_encodings_tenant_id_contact_id_memory_id_fkey FOREIGN KEY(tenant_id, contact_id, memory_id) REFERENCES memories (tenant_id, contact_id, memory_id) ON DELETE CASCADE
        )
        """
    )
    op.execute("ALTER TABLE memory_encodings ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE memory_encodings FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON memory_encodings USING (tenant_id = current_setting('app.tenant', true))"
        " WITH CHECK (tenant_id = current_setting('app.tenant', true))"
    )


def downgrade() -> None:
    op.drop_table("memory_encodings")
    op.drop_column("tenants", "ranking_encoder")
