"""What every migration does to the tables that it makes."""

from alembic import op


def isolate(table: str) -> None:
    """Forced row-level security: rows are seen and written only under their own tenant, by the owner too."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON {table} USING (tenant_id = current_setting('app.tenant', true))"
        f" WITH CHECK (tenant_id = current_setting('app.tenant', true))"
    )
