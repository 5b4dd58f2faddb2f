"""One JSON line per call, written in batches so that no call waits for the log."""

import asyncio
import logging
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import orjson

from server.callers import Caller

_FLUSH_SECONDS: Final = 0.1
_MOST_LINES: Final = 2_000

_Line = tuple[str, str, float, str, Caller | None, float]


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


class CallLog:
    """The lines have the shape of every other line of the log: see server/observability/logs.py."""

    def __init__(self, level: str = "INFO", write: Callable[[str], None] = _write) -> None:
        """`level` is that of the log; calls are logged at INFO."""
        self._enabled = logging.getLevelName(level) <= logging.INFO
        self._write = write
        self._lines: list[_Line] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, method: str, status: str, seconds: float, request_id: str, caller: Caller | None) -> None:
        """Notes a call that ended now."""
        if not self._enabled:
            return
        self._lines.append((method, status, seconds, request_id, caller, time.time()))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self.flush)
        elif len(self._lines) >= _MOST_LINES:
            self._timer.cancel()
            self.flush()

    def flush(self) -> None:
        """Writes what was noted; also to be called at the end of the process."""
        self._timer = None
        lines, self._lines = self._lines, []
        if lines:
            self._write(b"\n".join([*map(_line, lines), b""]).decode())


def _line(line: _Line) -> bytes:
    method, status, seconds, request_id, caller, at = line
    return orjson.dumps(
        {
            "event": "call",
            "level": "info",
            "logger": "kith.calls",
            "timestamp": datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z"),
            "method": method,
            "status": status,
            "ms": round(seconds * 1000, 3),
            "request_id": request_id,
            "tenant": None if caller is None else caller.tenant_id,
            "credential": None if caller is None else caller.kind,
        }
    )
