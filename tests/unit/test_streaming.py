"""A streamed export says in its last record whether it is whole."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

import pytest

from server.domain.errors import NotFound
from server.rpc import streaming
from server.usecases.portability import Piece
from store.contact_data import EXPORTED
from store.errors import StoreUnavailable

AT = datetime(2026, 1, 2, tzinfo=UTC)
DAY = {"day": AT.date(), "turns": 2}


async def broken(pieces: list[Piece], error: Exception | None) -> AsyncGenerator[Piece, None]:
    for piece in pieces:
        yield piece
    if error is not None:
        raise error


async def sent(pieces: list[Piece], error: Exception | None = None) -> list[Any]:
    records: list[Any] = []

    async def send(record: Any) -> None:
        records.append(record)

    await streaming.write(broken(pieces, error), send, AT)
    return records


async def test_a_whole_export_ends_with_how_many_records_there_were() -> None:
    records = await sent([Piece("days", DAY)] * 3)
    assert [record.WhichOneof("record") for record in records] == ["day", "day", "day", "end"]
    end = records[-1].end
    assert (dict(end.counts), end.exported_at.ToDatetime(tzinfo=UTC)) == ({**dict.fromkeys(EXPORTED, 0), "days": 3}, AT)


async def test_a_failure_on_the_way_is_the_last_record_and_says_nothing_of_the_contact() -> None:
    records = await sent([Piece("days", DAY)], StoreUnavailable("secret"))
    assert [record.WhichOneof("record") for record in records] == ["day", "error"]
    assert (records[-1].error.code, "secret" in records[-1].error.description) == ("UNAVAILABLE", False)
    assert (await sent([Piece("days", DAY)], RuntimeError("secret")))[-1].error.code == "INTERNAL"


async def test_a_failure_before_the_first_record_is_the_calls_own() -> None:
    with pytest.raises(NotFound):
        await sent([], NotFound.contact("ct_1"))


async def test_the_reader_that_hangs_up_ends_the_reading_of_the_store() -> None:
    ended: list[str] = []

    async def pieces() -> AsyncGenerator[Piece, None]:
        try:
            while True:
                yield Piece("days", DAY)
        finally:
            ended.append("closed")

    async def hang_up(record: Any) -> None:
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await streaming.write(pieces(), hang_up, AT)
    assert ended == ["closed"]
