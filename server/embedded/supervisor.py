"""Runs groups of children: started in order, stopped in the reverse order, orderly also when interrupted."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Sequence

from server.embedded.process import Child, Service

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """Keeps children running until told to stop. `on_change` is called whenever one of them changes.

    It must run in the main thread: signals arrive there, and children end with the thread that started
    them.
    """

    def __init__(self, on_change: Callable[[], None] | None = None) -> None:
        self._on_change = on_change
        self._groups: list[list[Child]] = []
        self._stop_asked = asyncio.Event()

    @property
    def children(self) -> list[Child]:
        """All children, in the order of their start."""
        return [child for group in self._groups for child in group]

    async def start(self, services: Sequence[Service]) -> None:
        """Start a group of services side by side and wait until all are ready.

        Raises:
            EmbeddedError: one of them does not start; `run` stops the others.
        """
        group = [Child(service, lambda child: self._changed()) for service in services]  # noqa: ARG005
        self._groups.append(group)
        try:
            async with asyncio.TaskGroup() as tasks:
                for child in group:
                    tasks.create_task(child.start())
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None

    async def run(self, start: Callable[[], Awaitable[None]], stopping: Callable[[], None] | None = None) -> None:
        """Do `start` (which calls our `start` for each group), wait for a stop signal, stop everything.

        A second signal kills what has not stopped yet. `stopping` is called when stopping begins.

        Raises:
            Exception: what `start` raised, after everything was stopped.
        """
        loop = asyncio.get_running_loop()
        handled = [number for number in _STOP_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        for number in handled:  # Under nohup a hang-up is ignored, and stays so.
            loop.add_signal_handler(number, self._on_signal)
        starting = asyncio.ensure_future(start())
        stop_asked = asyncio.create_task(self._stop_asked.wait())
        try:
            await asyncio.wait({starting, stop_asked}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                await stop_asked
        finally:
            if stopping is not None:
                stopping()
            starting.cancel()
            stop_asked.cancel()
            with contextlib.suppress(BaseException):
                await starting
            await self.stop()
            for number in handled:
                loop.remove_signal_handler(number)

    async def stop(self) -> None:
        """Stop all groups, the last started first; the children of one group side by side."""
        # A service manager may tell every process at once: what ends from now on is not to be restarted.
        for child in self.children:
            child.let_go()
        for group in reversed(self._groups):
            await asyncio.gather(*(child.stop() for child in group), return_exceptions=True)

    def _on_signal(self) -> None:
        if not self._stop_asked.is_set():
            self._stop_asked.set()
            return
        for child in self.children:
            child.let_go()
            child.kill()

    def _changed(self) -> None:
        if self._on_change is not None:
            self._on_change()
