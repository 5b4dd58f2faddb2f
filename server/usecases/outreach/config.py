"""How a tenant reaches out: shown and changed."""

from dataclasses import fields, replace

from server.credentials.tenants import CHANGED, ZONE_CHANGED
from server.domain.errors import FieldViolation, InvalidInput
from server.domain.outreach.config import ConfigChange, OutreachConfig, changed
from server.usecases import audit
from server.usecases.outreach import facts
from server.usecases.outreach.templates import check
from server.usecases.outreach.texts import VARIABLES
from server.usecases.services import Services
from server.usecases.warmth_upkeep import queue_recompute
from store import outreach_settings, tenants
from store.database import Transaction
from store.notifications import notify

_TEMPLATES = ("inactivity_template", "milestone_template", "recurring_template")
_NAMES = frozenset(field.name for field in fields(ConfigChange)) - {"cleared"}


async def get_config(services: Services, tenant_id: str) -> OutreachConfig:
    """The tenant's configuration."""
    async with services.database.transaction(tenant_id) as tx:
        return (await facts.chosen(tx)).config


async def update_config(services: Services, tenant_id: str, change: ConfigChange) -> OutreachConfig:
    """Changes what is given and empties what is cleared. Raises InvalidInput, naming every field; then nothing changed.

    Recurring messages begin with the change that turns them on or gives them another time: none is made for before.
    """
    _check(change)
    now = services.clock()

    async def work(tx: Transaction) -> OutreachConfig:
        # The row of the tenant is always there to be held, that of its configuration may not be.
        await tenants.get(tx, tenant_id, lock=True)
        before = await facts.chosen(tx)
        after = changed(before.config, change)
        recurs_anew = after.recurring_enabled and (
            not before.config.recurring_enabled
            or after.recurring_cron != before.config.recurring_cron
            or after.time_zone != before.config.time_zone
        )
        until = now if recurs_anew else before.recurring_until
        await outreach_settings.put_config(
            tx, facts.config_row(tenant_id, replace(before, config=after, recurring_until=until), now)
        )
        if after.time_zone != before.config.time_zone:
            await tenants.set_time_zone(tx, after.time_zone)
            await notify(tx, CHANGED, tenant=tenant_id, status=ZONE_CHANGED)
            # On which day a touch was, and so which of them count, goes by the tenant's zone.
            await queue_recompute(tx)
        await audit.record(tx, target=tenant_id)
        return after

    return await services.database.run(tenant_id, work)


def _check(change: ConfigChange) -> None:
    wrong = [
        FieldViolation("update_mask", f"{name} is not a field that can be changed")
        for name in sorted(change.cleared - _NAMES)
    ]
    for name in _TEMPLATES:
        template = getattr(change, name)
        if template is not None:
            wrong += [FieldViolation(name, problem) for problem in check(template, VARIABLES)]
    if wrong:
        raise InvalidInput(wrong)
