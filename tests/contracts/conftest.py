"""One product for all contract tests: two server processes and Envoy, on a database of their own."""

import uuid
from collections.abc import Iterator

import httpx
import pytest

from server.embedded.stores import EmbeddedStores
from tests.conftest import TEMPLATE
from tests.running import RunningProduct, running_product


@pytest.fixture(scope="session")
def product(stores: EmbeddedStores) -> Iterator[RunningProduct]:
    """The running product."""
    stores.create_database("kith_contracts", template=TEMPLATE)
    with running_product(stores, "kith_contracts") as running:
        yield running
    stores.drop_database("kith_contracts")


@pytest.fixture(scope="session")
def rest(product: RunningProduct) -> Iterator[httpx.Client]:
    """A REST client of the gateway, without credentials of its own."""
    with product.client() as client:
        yield client


@pytest.fixture
def contact_id(product: RunningProduct, rest: httpx.Client) -> str:
    """A new contact called Noor."""
    answer = rest.post(
        "/contact-intel/contacts",
        json={"external_id": f"wa_{uuid.uuid4().hex}", "channel": "whatsapp", "display_name": "Noor"},
        headers=product.key,
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])
