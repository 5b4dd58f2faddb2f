"""Rows that a table accepts, made from its columns: for tests about every table, also of tables yet to come."""

from collections.abc import Collection

from store.tables import metadata

_SAMPLES = {"TEXT": "'x'", "BLOB": "'x'", "JSONB": "'{}'", "DATE": "'2026-01-02'", "BOOLEAN": "true", "VECTOR": "'[1]'"}


def row(table: str, *, but: Collection[str] = (), **given: str) -> tuple[str, str]:
    """Columns and literals of a row; `given` are SQL literals by column; columns of `but` are left out."""
    columns, values = [], []
    for column in metadata.tables[table].columns:
        if column.name in but:
            continue
        kind = str(column.type)
        if column.name in given:
            value = given[column.name]
        elif kind.startswith("TIMESTAMP"):
            value = "'2026-01-02T00:00:00Z'"
        elif "[]" in kind or "ARRAY" in kind:
            value = "'{}'"
        else:
            value = _SAMPLES.get(kind, "1")
        columns.append(column.name)
        values.append(value)
    return ", ".join(columns), ", ".join(values)
