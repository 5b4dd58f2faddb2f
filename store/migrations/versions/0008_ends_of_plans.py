"""Plans, wishes and errands that were stored before they had an end get the one that they would get today."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

# As `over_at` of `server.domain.lasting` had it when this was written.
ENDS = """
    UPDATE memories SET valid_to = CASE
        WHEN attribute IN ('plan', 'whereabouts', 'activity') AND event_end > valid_from THEN event_end
        WHEN attribute = 'plan' THEN valid_from + interval '90 days'
        WHEN attribute IN ('whereabouts', 'wants') THEN valid_from + interval '30 days'
        WHEN attribute = 'activity' THEN valid_from + interval '14 days'
        ELSE valid_from + interval '365 days'
    END
    WHERE tenant_id = :tenant AND status = 'current' AND type <> 'episode' AND valid_to IS NULL
        AND attribute IN ('plan', 'whereabouts', 'activity', 'wants', 'situation')
    RETURNING contact_id
"""

# Caches are fresh if they hold the contact's version.
CHANGED = "UPDATE contacts SET version = version + 1 WHERE tenant_id = :tenant AND contact_id = ANY (:contacts)"


def upgrade() -> None:
    connection = op.get_bind()
    # Row-level security binds the owner too: without a tenant an update would find no row, and say nothing.
    tenants = connection.execute(sa.text("SELECT tenant_id FROM tenants ORDER BY tenant_id")).scalars().all()
    for tenant in tenants:
        connection.execute(sa.text("SELECT set_config('app.tenant', :tenant, true)"), {"tenant": tenant})
        changed = sorted(set(connection.execute(sa.text(ENDS), {"tenant": tenant}).scalars()))
        connection.execute(sa.text(CHANGED), {"tenant": tenant, "contacts": changed})
    connection.execute(sa.text("SELECT set_config('app.tenant', '', true)"))


def downgrade() -> None:
    """The version before passes over the ends."""
