"""What warmth is worked out from, and where it is kept for lists."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final

from psycopg.sql import SQL, Literal
from sqlalchemy import or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert

from store.database import Transaction
from store.tables.base import values
from store.tables.contact import ContactRow, contacts
from store.tables.tenant import tenants
from store.tables.warmth import WarmthConfigRow, warmth_configs

_CONTACT: Final = [contacts.c[field.name] for field in fields(ContactRow)]
_CONFIG: Final = [warmth_configs.c[field.name] for field in fields(WarmthConfigRow)]

CONFIG_ARRAY: Final = (
    "CASE WHEN w.tenant_id IS NOT NULL THEN json_build_array("
    "w.fresh_days, w.half_life_days, w.daily_cap, w.hot_from, w.warm_from, w.cool_from, w.points) END"
)
"""A row of `warmth_configs w` as a JSON array; null without one."""

# The best of a kind and day, so that of a contact with a million interactions only those that can count are read: apart
# those that were due at `split`, as what came later takes no place from them until then.
_TOUCHES: Final = text(
    """
    SELECT contact_id, interaction_id, kind, occurred_at, quality, day, 0 FROM (
      SELECT i.contact_id, i.interaction_id, i.kind, i.occurred_at, i.quality, d.day,
        row_number() OVER (
          PARTITION BY i.contact_id, d.day, i.kind, i.occurred_at > :split
          ORDER BY i.quality DESC, i.occurred_at, i.interaction_id
        ) AS place
      FROM interactions i, LATERAL (SELECT timezone(:zone, i.occurred_at)::date AS day) d
      WHERE i.tenant_id = :tenant AND i.contact_id = ANY (:contacts)
        AND i.occurred_at > :since AND i.occurred_at <= :until
    ) ranked WHERE place <= :most
    UNION ALL
    SELECT contact_id, NULL, 'message', coalesce(first_at, timezone(:zone, day + time '12:00')), NULL, day, turns
    FROM daily_activity
    WHERE tenant_id = :tenant AND contact_id = ANY (:contacts) AND day >= timezone(:zone, :since)::date
    """
)

_LAST: Final = text(
    "SELECT greatest("
    " (SELECT max(occurred_at) FROM interactions"
    "   WHERE tenant_id = :tenant AND contact_id = :contact AND occurred_at <= :until),"
    " (SELECT least(last_active_at, :until) FROM contacts"
    "   WHERE tenant_id = :tenant AND contact_id = :contact AND last_active_at IS NOT NULL))"
)

_DUE: Final = text(
    "SELECT contact_id FROM contacts WHERE tenant_id = :tenant AND warmth_changes_at <= :now"
    " ORDER BY warmth_changes_at LIMIT :limit"
)

_HAS_DUE: Final = SQL(
    "SET LOCAL app.tenant = {tenant};"
    " SELECT {tenant}, EXISTS (SELECT FROM contacts WHERE tenant_id = {tenant} AND warmth_changes_at <= {now})"
)

_SET: Final = text(
    """
    UPDATE contacts c SET warmth = new.warmth, warmth_band = new.warmth_band, warmth_changes_at = new.warmth_changes_at,
      warmth_band_until = new.warmth_band_until, warmth_fell_at = new.warmth_fell_at
    FROM unnest(
      CAST(:ids AS text[]), CAST(:versions AS bigint[]), CAST(:warmth AS float8[]), CAST(:warmth_band AS text[]),
      CAST(:warmth_changes_at AS timestamptz[]), CAST(:warmth_band_until AS timestamptz[]),
      CAST(:warmth_fell_at AS timestamptz[])
    ) AS new (contact_id, version, warmth, warmth_band, warmth_changes_at, warmth_band_until, warmth_fell_at)
    WHERE c.tenant_id = :tenant AND c.contact_id = new.contact_id AND c.version = new.version
    """
)


@dataclass(frozen=True, slots=True)
class TouchRow:
    """An interaction; or, without an id, the turns of a day, at the first of them."""

    interaction_id: str | None
    kind: str
    occurred_at: datetime
    quality: float | None
    day: date
    turns: int


async def constants(tx: Transaction) -> tuple[WarmthConfigRow | None, str]:
    """The tenant's own constants, where it has some, and the IANA zone of its days."""
    found = await tx.execute(
        select(tenants.c.time_zone, *_CONFIG)
        .join_from(tenants, warmth_configs, warmth_configs.c.tenant_id == tenants.c.tenant_id, isouter=True)
        .where(tenants.c.tenant_id == tx.tenant_id)
    )
    row = found.one_or_none()
    if row is None:
        return None, "UTC"
    return None if row[1] is None else WarmthConfigRow(*row[1:]), row[0]


async def put_constants(tx: Transaction, row: WarmthConfigRow) -> None:
    """Stores the tenant's own constants."""
    given = values(row)
    await tx.execute(
        upsert(warmth_configs).values(given).on_conflict_do_update(index_elements=["tenant_id"], set_=given)
    )


async def touches(
    tx: Transaction, contact_ids: Sequence[str], zone: str, *, since: datetime, split: datetime, until: datetime,
    most: int,
) -> dict[str, list[TouchRow]]:  # fmt: skip
    """Of each contact the touches after `since` and up to `until` that can count.

    They are at most `most` of a kind and day up to `split`, and as many after it. `zone` is the IANA zone of the days.
    Turns come as rows of their days, also later than `until`.
    """
    rows = await tx.execute(
        _TOUCHES,
        {
            "tenant": tx.tenant_id, "contacts": list(contact_ids), "zone": zone, "since": since, "split": split,
            "until": until, "most": most,
        },
    )  # fmt: skip
    found: dict[str, list[TouchRow]] = {contact_id: [] for contact_id in contact_ids}
    for contact_id, *columns in rows:
        found[contact_id].append(TouchRow(*columns))
    return found


async def cooling(tx: Transaction, until: datetime, after: tuple[datetime, str] | None, limit: int) -> list[ContactRow]:
    """Contacts that fall out of their band until then without a further touch: by when, then by id."""
    query = select(*_CONTACT).where(
        contacts.c.tenant_id == tx.tenant_id, contacts.c.warmth_band != "cold", contacts.c.warmth_band_until <= until
    )
    key = (contacts.c.warmth_band_until, contacts.c.contact_id)
    if after is not None:
        query = query.where(tuple_(*key) > after)
    return [ContactRow(*row) for row in await tx.execute(query.order_by(*key).limit(limit))]


async def fallen(
    tx: Transaction, since: datetime, until: datetime, after: tuple[datetime, str] | None, limit: int
) -> list[ContactRow]:
    """Contacts that fell from hot or warm since then, the latest first, without what `cooling` has up to `until`."""
    columns = contacts.c
    query = select(*_CONTACT).where(
        columns.tenant_id == tx.tenant_id,
        columns.warmth_fell_at.is_not(None),
        columns.warmth_fell_at >= since,
        or_(columns.warmth_band == "cold", columns.warmth_band_until.is_(None), columns.warmth_band_until > until),
    )
    key = (columns.warmth_fell_at, columns.contact_id)
    if after is not None:
        query = query.where(tuple_(*key) < after)
    rows = await tx.execute(query.order_by(*(column.desc() for column in key)).limit(limit))
    return [ContactRow(*row) for row in rows]


async def last_touch(tx: Transaction, contact_id: str, until: datetime) -> datetime | None:
    """When the last touch up to a moment was; None where there was none."""
    found: Any = await tx.execute(_LAST, {"tenant": tx.tenant_id, "contact": contact_id, "until": until})
    at: datetime | None = found.scalar_one_or_none()
    return at


async def with_due(tx: Transaction, tenant_ids: Sequence[str], now: datetime) -> list[str]:
    """Those of the tenants in which the stored warmth of some contact is to be renewed: one round trip for all."""
    if not tenant_ids:
        return []
    # Each in its own name, since nobody sees the rows of all.
    statements = [_HAS_DUE.format(tenant=Literal(one), now=Literal(now)) for one in tenant_ids]
    restore = SQL("SET LOCAL app.tenant = {}").format(Literal(tx.tenant_id))
    cursor = await tx.driver.execute(SQL("; ").join([*statements, restore]), prepare=False)
    found: list[str] = []
    while True:
        if cursor.description is not None:
            found += [row[0] for row in await cursor.fetchall() if row[1]]
        if not cursor.nextset():
            return found


async def due(tx: Transaction, now: datetime, limit: int) -> list[str]:
    """Contacts whose stored warmth is to be renewed, the longest due first."""
    rows = await tx.execute(_DUE, {"tenant": tx.tenant_id, "now": now, "limit": limit})
    return [contact_id for (contact_id,) in rows]


async def renew(tx: Transaction, columns: Sequence[dict[str, Any]]) -> int:
    """Stores the warmth of contacts that are still of the `version` they were read at. Returns of how many.

    No version moves on: a context works its own warmth out.
    """
    named = {name: [c[name] for c in columns] for name in (
        "warmth", "warmth_band", "warmth_changes_at", "warmth_band_until", "warmth_fell_at",
    )}  # fmt: skip
    ids, versions = [c["contact_id"] for c in columns], [c["version"] for c in columns]
    found = await tx.execute(_SET, {"tenant": tx.tenant_id, "ids": ids, "versions": versions, **named})
    return found.rowcount
