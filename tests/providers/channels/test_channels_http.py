"""One request to a provider: in bounded time and size, to no private address, and honest about how far it came."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.utils import format_datetime

import pytest

from server.domain.outreach.retry import Rejected, Unavailable, Unknown
from server.providers.channels.http import HttpOptions, HttpSender, Replied, Request, wait_of
from server.providers.channels.ports import Answer
from tests.providers.channels.cases import BOT_TOKEN, now
from tests.providers.channels.fake_provider import FakeProvider, Reply, reply


def post(url: str, **more: object) -> Request:
    return Request("POST", url, content=b"{}", **more)  # type: ignore[arg-type]


@contextmanager
def listening() -> Iterator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen(5)
        yield held.getsockname()[1]


async def test_a_connection_that_is_refused_means_that_nothing_was_sent(http: HttpSender) -> None:
    with listening() as port:
        pass
    assert await http.exchange(post(f"http://127.0.0.1:{port}/")) == Answer(Unavailable(), "not_connected")


async def test_a_name_that_does_not_resolve_means_that_nothing_was_sent(http: HttpSender) -> None:
    assert await http.exchange(post("http://nowhere.invalid/")) == Answer(Unavailable(), "not_connected")


async def test_a_time_out_before_the_request_left_means_that_nothing_was_sent() -> None:
    sender = HttpSender(HttpOptions(connect_seconds=0.5, total_seconds=20, allow_private=True))
    with listening() as port:
        # The handshake of TLS is never answered.
        assert await sender.exchange(post(f"https://127.0.0.1:{port}/")) == Answer(Unavailable(), "not_connected")
    await sender.close()


async def test_a_time_out_after_the_request_left_is_unknown(hasty: HttpSender) -> None:
    with listening() as port:
        assert await hasty.exchange(post(f"http://127.0.0.1:{port}/")) == Answer(Unknown(), "no_answer")


async def test_a_time_out_after_acceptance_is_unknown(hasty: HttpSender, provider: FakeProvider) -> None:
    provider.always = Reply(hangs=True)
    assert await hasty.exchange(post(provider.url)) == Answer(Unknown(), "no_answer")
    assert len(provider.asked) == 1


async def test_a_connection_lost_without_an_answer_is_unknown_and_is_not_tried_again(
    http: HttpSender, provider: FakeProvider
) -> None:
    provider.always = Reply(hangs_up=True)
    assert await http.exchange(post(provider.url)) == Answer(Unknown(), "no_answer")
    assert len(provider.asked) == 1


async def test_a_status_counts_even_if_its_body_drips_for_ever(hasty: HttpSender, provider: FakeProvider) -> None:
    provider.always = Reply(503, b'{"error":', drips=True)
    async with asyncio.timeout(10):
        assert await hasty.exchange(post(provider.url)) == Replied(503, None, None)


@pytest.mark.parametrize(
    "body", [b'{"a": "' + b"x" * 70_000 + b'"}', b"<html>", b"[1]", b"", b'{"a":', b"\xff\xfe", b"null"]
)
async def test_an_answer_that_is_too_large_or_no_object_has_no_body(
    http: HttpSender, provider: FakeProvider, body: bytes
) -> None:
    provider.always = Reply(200, body)
    assert await http.exchange(post(provider.url)) == Replied(200, None, None)


@pytest.mark.parametrize("location", ["{url}/elsewhere", "http://[", "//x:y", "javascript:0", ""])
async def test_redirects_are_told_and_not_followed(http: HttpSender, provider: FakeProvider, location: str) -> None:
    provider.always = reply(307, None, location=location.format(url=provider.url))
    assert await http.exchange(post(provider.url)) == Replied(307, None, None)
    assert [asked.path for asked in provider.asked] == ["/"]


async def test_private_addresses_are_refused_unless_the_operator_allows_them(provider: FakeProvider) -> None:
    guarded = HttpSender()
    for url in (provider.url, provider.url.replace("127.0.0.1", "localhost"), "https://169.254.169.254/latest"):
        assert await guarded.exchange(post(url)) == Answer(Rejected(), "address_refused")
    await guarded.close()
    assert provider.asked == []


async def test_no_cookie_goes_from_one_request_into_another(http: HttpSender, provider: FakeProvider) -> None:
    provider.always = reply(200, {}, set_cookie="session=1; Path=/")
    await http.exchange(post(provider.url))
    await http.exchange(post(provider.url))
    assert ["cookie" in asked.headers for asked in provider.asked] == [False, False]


async def test_every_request_has_a_connection_of_its_own(http: HttpSender, provider: FakeProvider) -> None:
    await http.exchange(post(provider.url))
    assert provider.asked[0].headers["connection"] == "close"


async def test_a_secret_path_is_on_the_wire_and_nowhere_else(
    http: HttpSender, provider: FakeProvider, caplog: pytest.LogCaptureFixture
) -> None:
    request = post(provider.url, secret_path=f"/bot{BOT_TOKEN}/x")
    with caplog.at_level(logging.DEBUG):
        await http.exchange(request)
        provider.always = Reply(hangs_up=True)
        await http.exchange(request)
    assert {asked.path for asked in provider.asked} == {f"/bot{BOT_TOKEN}/x"}
    assert BOT_TOKEN not in caplog.text + repr(request)


@pytest.mark.parametrize(
    ("value", "wait"),
    [("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("1e9", 86_400.0), ("inf", 86_400.0), ("nan", None), ("soon", None)],
)
async def test_a_wait_is_read_in_seconds(
    http: HttpSender, provider: FakeProvider, value: str, wait: float | None
) -> None:
    provider.always = reply(429, {}, retry_after=value)
    replied = await http.exchange(post(provider.url))
    assert isinstance(replied, Replied)
    assert replied.retry_after == (None if wait is None else timedelta(seconds=wait))


async def test_a_wait_is_read_as_a_date(http: HttpSender, provider: FakeProvider) -> None:
    provider.always = reply(429, {}, retry_after=format_datetime(now() + timedelta(hours=1), usegmt=False))
    replied = await http.exchange(post(provider.url))
    assert isinstance(replied, Replied)
    assert replied.retry_after is not None
    assert timedelta(minutes=55) < replied.retry_after <= timedelta(hours=1)


def test_what_is_no_number_is_no_wait() -> None:
    assert [wait_of(value) for value in ("3", None, True, [])] == [None] * 4


async def test_a_secret_path_goes_to_the_very_address_that_was_looked_at(
    provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.providers.addresses.is_public", lambda address: address == "127.0.0.1")
    guarded = HttpSender()
    replied = await guarded.exchange(post(provider.url, secret_path="/bot1/x"))
    await guarded.close()
    assert isinstance(replied, Replied)
    assert [asked.path for asked in provider.asked] == ["/bot1/x"]
