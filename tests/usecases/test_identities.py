"""One identity is one contact's, however many ask at once and whichever surface they come by."""

import asyncio
from datetime import UTC, datetime

import pytest

from server.composition import Composition
from server.domain import phone
from server.domain.errors import Conflict
from server.usecases import crm, identities
from server.usecases.call_settings import SettingsChange, update_settings
from server.usecases.contacts import NewContact, create_contact
from server.usecases.crm import CardChange, GivenIdentity, NewCard
from store.database import Transaction

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NUMBER = GivenIdentity("phone", "+49 30 901820")
ADDRESS = GivenIdentity("email", "ilse@example.com")


async def test_two_creates_at_once_with_one_number_make_one_contact(parts: Composition, tenant: str) -> None:
    made = await asyncio.gather(*(crm.create_card(parts.services, tenant, NewCard([NUMBER])) for _ in range(8)))
    assert len({one.card.row.contact_id for one in made}) == 1
    assert sum(one.created for one in made) == 1


async def test_two_who_give_the_same_two_identities_crosswise_leave_each_with_one_owner(
    parts: Composition, tenant: str
) -> None:
    done = await asyncio.gather(
        *(
            crm.create_card(parts.services, tenant, NewCard(given))
            for given in ([NUMBER, ADDRESS], [ADDRESS, NUMBER]) * 4
        ),
        return_exceptions=True,
    )
    assert {type(one) for one in done} <= {crm.Made, Conflict}
    owners = [(await crm.find_card(parts.services, tenant, one)).row.contact_id for one in (NUMBER, ADDRESS)]
    assert len(set(owners)) == 1


async def test_a_call_and_a_crm_that_tell_of_one_number_at_once_mean_one_contact(
    parts: Composition, tenant: str
) -> None:
    async def call(tx: Transaction) -> str:
        number = phone.read(NUMBER.value)
        return (await identities.contact_of_number(tx, number, "Ilse", NOW, NUMBER.value))[0]

    calls = [parts.services.database.run(tenant, call) for _ in range(4)]
    creation = crm.create_card(parts.services, tenant, NewCard([NUMBER]))
    made, called = await asyncio.gather(creation, asyncio.gather(*calls))
    assert set(called) == {made.card.row.contact_id}


async def test_a_contact_of_a_chat_engine_is_known_by_its_number_of_the_tenants_country(
    parts: Composition, tenant: str
) -> None:
    await update_settings(parts.services, tenant, SettingsChange(default_region="DE"))
    made = await create_contact(parts.services, tenant, NewContact("030 901820", "sms", "Ilse"))
    found = await crm.find_card(parts.services, tenant, GivenIdentity("phone", "030/901820"))
    assert found.row.contact_id == made.profile.id
    assert [(one.value, one.raw) for one in found.identities] == [("+4930901820", "030 901820")]


async def test_an_identity_that_another_contact_has_stays_with_its_first_owner(parts: Composition, tenant: str) -> None:
    first = await create_contact(parts.services, tenant, NewContact("+4930901820", "sms", "Ilse"))
    second = await create_contact(parts.services, tenant, NewContact("+4930901820", "voice", "Ilse"))
    assert second.created
    owner = await crm.find_card(parts.services, tenant, NUMBER)
    assert owner.row.contact_id == first.profile.id != second.profile.id
    assert (await crm.get_card(parts.services, tenant, second.profile.id)).identities == []


async def test_another_tenant_has_the_same_number_for_itself(
    parts: Composition, tenant: str, another_tenant: str
) -> None:
    here = await crm.create_card(parts.services, tenant, NewCard([NUMBER]))
    there = await crm.create_card(parts.services, another_tenant, NewCard([NUMBER]))
    assert here.created
    assert there.created
    assert here.card.row.contact_id != there.card.row.contact_id


async def test_a_taken_identity_names_its_owner_and_changes_nothing(parts: Composition, tenant: str) -> None:
    owner = (await crm.create_card(parts.services, tenant, NewCard([NUMBER]))).card.row.contact_id
    other = (await crm.create_card(parts.services, tenant, NewCard([ADDRESS]))).card.row.contact_id
    with pytest.raises(Conflict) as refused:
        await crm.add_identity(parts.services, tenant, other, NUMBER)
    assert refused.value.reason == "IDENTITY_TAKEN"
    assert owner in str(vars(refused.value))
    assert len((await crm.get_card(parts.services, tenant, other)).identities) == 1


async def test_a_changed_name_moves_the_contacts_version(parts: Composition, tenant: str) -> None:
    made = (await crm.create_card(parts.services, tenant, NewCard([NUMBER]))).card.row
    before = await parts.services.snapshots.get(tenant, made.contact_id)
    await crm.update_card(parts.services, tenant, made.contact_id, CardChange(name="Ilse Brandt"))
    after = await parts.services.snapshots.get(tenant, made.contact_id)
    assert (after.profile.display_name, after.version > before.version) == ("Ilse Brandt", True)
