"""Receipts say what was erased: the contact, or only what was remembered of it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # Whatever was erased so far was a whole contact.
    op.add_column("erasure_receipts", sa.Column("kind", sa.Text, nullable=False, server_default="contact"))
    op.alter_column("erasure_receipts", "kind", server_default=None)


def downgrade() -> None:
    op.drop_column("erasure_receipts", "kind")
