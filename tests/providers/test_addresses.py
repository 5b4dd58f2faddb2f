"""A tenant's URL leads to the internet or nowhere."""

import httpx
import pytest

from server.providers.addresses import GuardedTransport, is_public, wrong_with_url
from server.providers.endpoint import Endpoint, EndpointOptions
from server.providers.errors import AddressRefused
from tests.providers.fake_openai import FakeOpenAi

PRIVATE = [
    "127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "fec0::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:4136:e378::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


class Recording(httpx.AsyncHTTPTransport):
    """Keeps what would have been sent; fails as often as it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[httpx.Request] = []
        self.failures: list[httpx.TransportError] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.failures:
            raise self.failures.pop(0)
        return httpx.Response(200)


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_of_this_machine_and_its_network_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/v1", "https://127.0.0.1/v1", "https://[::1]/v1", "https://user:pw@api.example.com/v1",
        "https://api.example.com/v1?key=x", "https://api.example.com/v1#x", "ftp://api.example.com", "api.example.com",
        "https:///v1", "https://api.example.com:99999/v1", "https://169.254.169.254/latest", "file:///etc/passwd",
        "https://api.example.com/\n", "https://" + "a" * 600,
    ],
)  # fmt: skip
def test_a_url_that_may_not_be_is_named_wrong_as_it_is_written(url: str) -> None:
    assert wrong_with_url(url, allow_private=False)


def test_a_deployment_may_allow_its_own_network() -> None:
    assert wrong_with_url("https://api.example.com:8443/v1", allow_private=False) is None
    assert wrong_with_url("http://127.0.0.1:11434/v1", allow_private=True) is None
    assert wrong_with_url("ftp://127.0.0.1/v1", allow_private=True)


@pytest.mark.parametrize("url", ["https://2130706433/v1", "https://localhost/v1", "https://127.1/v1", "https://0/v1"])
async def test_a_host_that_means_this_machine_is_refused_when_it_is_called(url: str) -> None:
    endpoint = Endpoint(EndpointOptions(base_url=url, attempts=1))
    with pytest.raises(AddressRefused):
        await endpoint.post("/x", {}, most_bytes=100)
    await endpoint.close()


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["8.8.8.8", "::1"], []])
async def test_a_name_is_refused_if_any_of_its_addresses_is_private(fake: FakeOpenAi, addresses: list[str]) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return addresses

    port = httpx.URL(fake.base_url).port
    async with httpx.AsyncClient(transport=GuardedTransport(allow_private=False, resolve=resolve)) as client:
        with pytest.raises(AddressRefused):
            await client.post(f"http://rebinding.example:{port}/v1/x", json={})
    assert fake.asked == []


async def test_the_connection_goes_to_the_address_that_was_looked_at_and_names_the_host(
    fake: FakeOpenAi, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    monkeypatch.setattr("server.providers.addresses.is_public", lambda address: address == "127.0.0.1")
    port = httpx.URL(fake.base_url).port
    async with httpx.AsyncClient(transport=GuardedTransport(allow_private=False, resolve=resolve)) as client:
        answer = await client.post(f"http://models.example:{port}/v1/embeddings", json={"input": ["x"]})
    assert answer.status_code == 200
    assert asked == ["models.example"]
    assert [one.host for one in fake.asked] == [f"models.example:{port}"]


async def test_the_certificate_that_is_asked_for_is_the_hosts_and_not_the_addresss() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["8.8.8.8"]

    transport, sent = GuardedTransport(allow_private=False, resolve=resolve), Recording()
    transport._inner = sent
    async with httpx.AsyncClient(transport=transport) as client:
        await client.post("https://models.example/v1/embeddings", json={})
    (request,) = sent.requests
    assert (request.url.host, request.extensions["sni_hostname"]) == ("8.8.8.8", "models.example")


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout])
async def test_where_one_address_does_not_answer_the_next_is_tried(error: type[httpx.TransportError]) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["2606:4700:4700::1111", "8.8.8.8", "1.1.1.1"]

    transport, sent = GuardedTransport(allow_private=False, resolve=resolve), Recording()
    transport._inner = sent
    async with httpx.AsyncClient(transport=transport) as client:
        sent.failures = [error("gone")]
        assert (await client.post("https://models.example/v1/x", json={"a": 1})).status_code == 200
        assert [one.url.host for one in sent.requests] == ["2606:4700:4700::1111", "8.8.8.8"]
        sent.failures = [error("gone") for _ in range(3)]
        with pytest.raises(error):
            await client.post("https://models.example/v1/x", json={"a": 1})
        sent.requests.clear()
        sent.failures = [httpx.ReadError("broke")]
        with pytest.raises(httpx.ReadError):
            await client.post("https://models.example/v1/x", json={"a": 1})
        assert len(sent.requests) == 1
