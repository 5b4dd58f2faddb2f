"""Every table, gathered in one metadata; a new noun adds its module here."""

from store.tables import (
    analytics,
    call,
    consolidation,
    contact,
    crm,
    interaction,
    interaction_log,
    maintenance,
    memory,
    operations,
    outreach,
    provider,
    tenant,
    tracking,
    warmth,
)
from store.tables.base import metadata

WITHOUT_TENANT_POLICY = frozenset({"tenants", "alembic_version"})
"""Tables exempt from row-level security, besides those of the job queue (prefix `procrastinate_`)."""

__all__ = [
    "WITHOUT_TENANT_POLICY",
    "analytics",
    "call",
    "consolidation",
    "contact",
    "crm",
    "interaction",
    "interaction_log",
    "maintenance",
    "memory",
    "metadata",
    "operations",
    "outreach",
    "provider",
    "tenant",
    "tracking",
    "warmth",
]
