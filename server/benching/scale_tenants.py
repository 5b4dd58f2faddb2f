"""The tenants of `kith bench scale`: made anew, given the warmth that the product would store, deleted whole."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from server.benching.scale_sizes import Size
from server.domain.errors import NotFound
from server.measuring.errors import MeasuringError
from server.usecases.tenants import Administration, NewTenant, create_tenant, delete_tenant, get_tenant
from server.usecases.warmth import recompute_contact

NAME: Final = "Kith bench scale"
"""The name of these tenants; one of another name is somebody's and is left alone."""


async def make_anew(parts: Administration, sizes: Iterable[Size]) -> None:
    """Empty tenants; what a run that broke off left in them goes.

    Raises MeasuringError where one of the ids is somebody's.
    """
    for size in sizes:
        await remove(parts, size)
        await create_tenant(parts, NewTenant(size.tenant_id, NAME))


async def remove(parts: Administration, size: Size) -> None:
    """Deletes the tenant with everything in it, where there is one. Raises MeasuringError where it is somebody's."""
    try:
        known = await get_tenant(parts, size.tenant_id)
    except NotFound:
        return
    if known.name != NAME:
        raise MeasuringError(f"There is a tenant {size.tenant_id} that is not of a benchmark; it is left alone.")
    await delete_tenant(parts, size.tenant_id)


async def store_warmth(parts: Administration, size: Size, now: datetime) -> None:
    """Has the product work out the warmth of the busy contact, and of the first of every history."""
    for number in range(size.patterns + 1):
        async with parts.database.transaction(size.tenant_id) as tx:
            await recompute_contact(tx, size.contact_id(number), now)
