"""What a tenant sets, and how its keys are kept."""

import base64
import logging

import pytest
from prometheus_client import generate_latest
from pydantic import SecretStr

from server.composition import Composition
from server.domain.errors import InvalidInput
from server.embedded.stores import EmbeddedStores
from server.providers.errors import AddressRefused, Refused
from server.usecases import processing
from server.usecases.enrichment import Progress, enrich_contact
from server.usecases.new_providers import NewProvider
from tests.providers.fake_openai import FakeOpenAi, fake_openai
from tests.usecases.provider_steps import BARE, KEY, contact, rows, tell, use_model


async def test_a_key_is_kept_encrypted_and_shows_nowhere(
    parts: Composition, tenant: str, fake: FakeOpenAi, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for chatty in ("httpx", "httpcore"):
        # As `logs.configure` has it in every process.
        caplog.set_level(logging.WARNING, logger=chatty)
    contact_id = await contact(parts, tenant, BARE)
    await use_model(parts, tenant, fake, model="named")
    shown = await processing.get_processing(parts.administration, tenant)
    ((stored, key_id),) = await rows(parts, tenant, "SELECT api_key, api_key_id FROM providers")
    assert KEY.encode() not in bytes(stored)
    assert shown.language_models[0].api_key_id == key_id
    await enrich_contact(parts.services, tenant, contact_id)
    assert fake.asked[0].authorization == f"Bearer {KEY}"
    jobs = await rows(parts, tenant, "SELECT args::text FROM procrastinate_jobs")
    audited = await rows(parts, tenant, "SELECT * FROM audit_log")
    metrics = generate_latest().decode()
    assert "kith_provider_calls_total{" in metrics
    for place in (caplog.text, str(jobs), str(audited), metrics):
        assert KEY not in place
        assert fake.base_url not in place
        assert "Porto" not in place


async def test_a_key_that_is_not_given_again_stays_with_its_url_alone(
    parts: Composition, tenant: str, fake: FakeOpenAi
) -> None:
    contact_id = await contact(parts, tenant, BARE)
    await use_model(parts, tenant, fake, name="mine")
    await use_model(parts, tenant, fake, name="mine", api_key=None, model="other")
    await enrich_contact(parts.services, tenant, contact_id)
    assert fake.asked[0].authorization == f"Bearer {KEY}"
    with fake_openai() as elsewhere:
        await use_model(parts, tenant, elsewhere, name="mine", api_key=None)
        await tell(parts, tenant, contact_id, "Boxes and boxes and nothing but boxes in every single room", 9)
        await enrich_contact(parts.services, tenant, contact_id)
        assert [asked.authorization for asked in elsewhere.asked] == [None]
    await use_model(parts, tenant, fake, name="mine", api_key="")
    assert (await processing.get_processing(parts.administration, tenant)).language_models[0].api_key_id is None


async def test_a_key_survives_a_change_of_the_master_key_in_steps(
    stores: EmbeddedStores, database_name: str, parts: Composition, tenant: str, fake: FakeOpenAi
) -> None:
    contact_id = await contact(parts, tenant, BARE)
    await use_model(parts, tenant, fake, name="mine")
    new_key = base64.b64encode(bytes(range(32))).decode()
    for keys, set_again in ((f"{new_key},{stores.master_key}", True), (new_key, False)):
        async with Composition(parts.settings.model_copy(update={"master_key": SecretStr(keys)})) as later:
            if set_again:
                # Whatever is set is encrypted under the first key from then on, also a key that is not given again.
                await use_model(later, tenant, fake, name="mine", api_key=None, timeout_seconds=3.0)
            else:
                await enrich_contact(later.services, tenant, contact_id)
    assert [asked.authorization for asked in fake.asked] == [f"Bearer {KEY}"]
    await tell(parts, tenant, contact_id, "Boxes and boxes and nothing but boxes in every single room", 9)
    with pytest.raises(Refused):
        # Under the old one alone it cannot be read any more.
        await enrich_contact(parts.services, tenant, contact_id)


@pytest.mark.parametrize(
    ("new", "field"),
    [
        ([NewProvider(model="m")], "language_models[0].base_url"),
        ([NewProvider(base_url="https://api.example.com/v1")], "language_models[0].model"),
        ([NewProvider(base_url="ftp://x", model="m")], "language_models[0].base_url"),
        ([NewProvider(kind="built_in", model="m")], "language_models[0].model"),
        ([NewProvider(base_url="https://api.example.com", model="m", dimensions=8)], "language_models[0].dimensions"),
        ([NewProvider(base_url="https://api.example.com", model="m", api_key="k\n")], "language_models[0].api_key"),
        ([NewProvider(base_url="https://api.example.com", model="m")] * 2, "language_models"),
    ],
)
async def test_a_provider_that_cannot_be_is_refused_and_names_the_field(
    parts: Composition, tenant: str, new: list[NewProvider], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await processing.set_language_models(parts.administration, tenant, new)
    assert field in [violation.field for violation in caught.value.violations]
    assert (await processing.get_processing(parts.administration, tenant)).language_models == []


async def test_a_private_url_is_refused_where_the_deployment_does_not_allow_it(
    stores: EmbeddedStores, database_name: str, parts: Composition, tenant: str, fake: FakeOpenAi
) -> None:
    contact_id = await contact(parts, tenant, BARE)
    await use_model(parts, tenant, fake)
    strict = parts.settings.model_copy(update={"providers_allow_private": False})
    async with Composition(strict) as elsewhere:
        # Also what was stored when it was still allowed; and it stops nobody else.
        await processing.set_embedder(elsewhere.administration, tenant, NewProvider(kind="built_in"))
        progress = Progress()
        with pytest.raises(AddressRefused):
            await enrich_contact(elsewhere.services, tenant, contact_id, progress=progress)
        assert progress.embedded_all
        new = NewProvider(base_url="https://192.168.0.7/v1", model="m")
        with pytest.raises(InvalidInput):
            await processing.set_embedder(elsewhere.administration, tenant, new)
    assert fake.asked == []
