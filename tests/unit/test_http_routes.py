"""What every raw HTTP route has around its work."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import orjson
import pytest
from starlette.applications import Starlette

from server import callers
from server.domain.errors import InvalidInput, NotFound, RateLimited
from server.http_routes.handling import Handling, RawAnswer, RawRequest
from server.observability import metrics
from server.observability.call_log import CallLog
from store.errors import StoreUnavailable

Work = Callable[[RawRequest], Awaitable[RawAnswer]]


class Served:
    """One route around some work, and the lines that it logs."""

    def __init__(self, work: Work, *, most_bytes: int = 1_000, seconds: float = 5) -> None:
        self._lines: list[str] = []
        self._log = CallLog("INFO", self._lines.append)
        handling = Handling(self._log, seconds=seconds)
        self._app = Starlette(routes=[handling.post("/hooks/{name}", "hooks", most_bytes, work)])

    async def post(self, path: str = "/hooks/a", **request: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://side") as client:
            return await client.post(path, **request)

    def logged(self) -> list[dict[str, Any]]:
        self._log.flush()
        return [orjson.loads(line) for text in self._lines for line in text.splitlines()]


async def echo(request: RawRequest) -> RawAnswer:
    return RawAnswer(201, {"name": request.path["name"], "target": request.target, "bytes": len(request.body)})


def failing(error: Exception) -> Work:
    async def work(_: RawRequest) -> RawAnswer:
        raise error

    return work


def details_of(answer: httpx.Response) -> dict[str, dict[str, Any]]:
    return {detail["@type"].rpartition(".")[2]: detail for detail in answer.json()["details"]}


async def test_the_work_sees_the_path_as_it_was_sent() -> None:
    answer = await Served(echo).post("/hooks/a%3Ab?x=%2F", content=b"123")
    assert answer.status_code == 201
    assert answer.json() == {"name": "a:b", "target": "/hooks/a%3Ab?x=%2F", "bytes": 3}


async def test_a_well_formed_request_id_comes_back_and_another_is_replaced() -> None:
    served = Served(echo)
    given = await served.post(headers={"x-request-id": "req-1"})
    made = await served.post(headers={"x-request-id": "no id!"})
    assert given.headers["x-request-id"] == "req-1"
    assert made.headers["x-request-id"] not in ("", "no id!")
    assert [line["request_id"] for line in served.logged()] == ["req-1", made.headers["x-request-id"]]


async def test_refusals_are_a_status_in_json_with_the_contracts_http_status() -> None:
    wrong = await Served(failing(InvalidInput.of("callSid", "is required"))).post()
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["message"]) == (400, 3, "callSid: is required")
    assert details_of(wrong)["BadRequest"]["fieldViolations"] == [{"field": "callSid", "description": "is required"}]
    assert details_of(wrong)["ErrorInfo"]["reason"] == "INVALID_INPUT"
    unknown = await Served(failing(NotFound("no such thing"))).post()
    assert (unknown.status_code, details_of(unknown)["ErrorInfo"]["reason"]) == (404, "NOT_FOUND")


async def test_a_limit_says_when_to_come_back() -> None:
    answer = await Served(failing(RateLimited(1.5))).post()
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    assert details_of(answer)["RetryInfo"]["retryDelay"] == "1.500s"


async def test_a_store_that_is_away_is_503() -> None:
    assert (await Served(failing(StoreUnavailable("away"))).post()).status_code == 503


async def test_a_fault_of_ours_is_500_and_shows_none_of_its_text(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = await Served(failing(RuntimeError("Rosa called at nine"))).post()
    assert answer.status_code == 500
    assert "Rosa" not in answer.text + caplog.text
    assert answer.headers["x-request-id"] in answer.json()["message"]


async def test_work_that_takes_too_long_is_504() -> None:
    async def slow(_: RawRequest) -> RawAnswer:
        await asyncio.sleep(30)
        return RawAnswer(200, {})

    answer = await Served(slow, seconds=0.05).post()
    assert (answer.status_code, details_of(answer)["ErrorInfo"]["reason"]) == (504, "DEADLINE_EXCEEDED")


async def test_a_body_over_the_cap_is_413_also_where_its_length_is_not_told() -> None:
    async def pieces() -> Any:
        for _ in range(11):
            yield b"x" * 100

    for content in (b"x" * 1_001, pieces()):
        answer = await Served(echo).post(content=content)
        assert (answer.status_code, details_of(answer)["ErrorInfo"]["reason"]) == (413, "PAYLOAD_TOO_LARGE")
    assert (await Served(echo).post(content=b"x" * 1_000)).status_code == 201


async def test_every_request_is_counted_and_logged_by_the_routes_name() -> None:
    counter = metrics.HTTP_REQUESTS.labels("hooks", "NOT_FOUND")
    before = counter._value.get()
    served = Served(failing(NotFound("no such thing")))
    await served.post(content=b"a secret of Rosa's")
    assert counter._value.get() == before + 1
    (line,) = served.logged()
    assert (line["method"], line["status"], line["tenant"]) == ("hooks", "NOT_FOUND", None)
    assert "Rosa" not in str(line)


async def test_who_posts_is_in_the_log_line() -> None:
    async def known(_: RawRequest) -> RawAnswer:
        callers.enter(callers.Caller("tnt_a", "webhook", "whe_1"), None)
        return RawAnswer(200, {})

    served = Served(known)
    await served.post()
    (line,) = served.logged()
    assert (line["tenant"], line["credential"]) == ("tnt_a", "webhook")


async def test_only_post_is_taken() -> None:
    served = Served(echo)
    transport = httpx.ASGITransport(served._app)
    async with httpx.AsyncClient(transport=transport, base_url="http://side") as client:
        assert (await client.get("/hooks/a")).status_code == 405
