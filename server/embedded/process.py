"""One supervised child: started, awaited until ready, restarted after growing pauses, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from server.embedded.errors import EmbeddedError
from server.embedded.spawn import Command, child_environment, launcher_argv, log_tail, open_log

_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 30.0
# After this long without dying a child is trusted again, and the pauses start from the first.
_STABLE_S = 60.0
_PROBE_EVERY_S = 0.05


class State(StrEnum):
    """Where a child is in its life."""

    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    STOPPING = "stopping"
    STOPPED = "stopped"


async def always_ready(pid: int) -> bool:
    """The probe of a child that is ready once it runs."""
    del pid
    return True


def settled(after_s: float) -> Callable[[int], Awaitable[bool]]:
    """Return the probe of a child that has no port: ready once it has run for `after_s` seconds."""
    first_seen: dict[int, float] = {}

    async def is_ready(pid: int) -> bool:
        return time.monotonic() - first_seen.setdefault(pid, time.monotonic()) >= after_s

    return is_ready


@dataclass(frozen=True, slots=True)
class Service:
    """What a child is: its command, when it counts as ready, how it is stopped.

    `is_ready` is asked with the process id until it says yes, at most `ready_within_s`. `prepare` runs before
    every start, in a thread. `drain` is awaited before the stop signal; it must end by itself.
    `stop_within_s` after that signal the child is killed.
    """

    command: Command
    is_ready: Callable[[int], Awaitable[bool]] = always_ready
    ready_within_s: float = 30.0
    prepare: Callable[[], None] | None = None
    drain: Callable[[], Awaitable[None]] | None = None
    stop_within_s: float = 15.0

    @property
    def name(self) -> str:
        """The name in status, messages and the log's file name."""
        return self.command.name


class Child:
    """Runs one service. `on_change` is called after every change of state, process id or count."""

    def __init__(
        self,
        service: Service,
        on_change: Callable[[Child], None] | None = None,
        *,
        first_pause_s: float = _FIRST_PAUSE_S,
        stable_s: float = _STABLE_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.service = service
        self.state = State.STOPPED
        self.restarts = 0
        self.since = clock()
        self._on_change = on_change
        self._first_pause_s = first_pause_s
        self._stable_s = stable_s
        self._clock = clock
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """The service's name."""
        return self.service.name

    @property
    def pid(self) -> int | None:
        """The process id while a process runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def start(self) -> None:
        """Start the child, wait until it is ready, and keep it running from then on.

        Raises:
            EmbeddedError: it ended or was not ready in time; the end of its log is in the message.
        """
        self._set(State.STARTING)
        await self._launch()
        self._set(State.READY)
        self._keeper = asyncio.create_task(self._keep(), name=f"keep {self.name}")

    def let_go(self) -> None:
        """Start it no more when it ends."""
        if self._keeper is not None:
            self._keeper.cancel()

    async def stop(self) -> None:
        """Drain, ask the child to end, kill it when it does not. Returns when it is gone."""
        if self._keeper is not None:
            self.let_go()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
        process = self._process
        if process is None or process.returncode is not None:
            self._set(State.STOPPED)
            return
        self._set(State.STOPPING)
        if self.service.drain is not None:
            await self.service.drain()
        await self._end(process, self.service.command.stop_signal, self.service.stop_within_s)
        self._set(State.STOPPED)

    def kill(self) -> None:
        """End the child now, without waiting: for the second Ctrl-C.

        Postgres gets SIGQUIT, its immediate shutdown, since its backends would outlive a killed postmaster.
        """
        process = self._process
        if process is None or process.returncode is not None:
            return
        fast_stop = self.service.command.stop_signal is signal.SIGINT
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGQUIT if fast_stop else signal.SIGKILL)

    async def _launch(self) -> None:
        if self.service.prepare is not None:
            await asyncio.to_thread(self.service.prepare)
        command = self.service.command
        self._process = process = await _started(command)
        self._changed()
        try:
            await self._await_ready(process)
        except BaseException:
            await asyncio.shield(self._end(process, command.stop_signal, self.service.stop_within_s))
            raise

    async def _await_ready(self, process: asyncio.subprocess.Process) -> None:
        deadline = time.monotonic() + self.service.ready_within_s
        while process.returncode is None:
            if await self.service.is_ready(process.pid) and process.returncode is None:
                return
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"{self.name} was not ready within {self.service.ready_within_s:.0f} s.",
                    _see_log(self.service.command.log),
                )
            await asyncio.sleep(_PROBE_EVERY_S)
        raise EmbeddedError(
            f"{self.name} ended while starting ({describe_exit(process.returncode)}).",
            _see_log(self.service.command.log),
        )

    async def _keep(self) -> None:
        """Wait for the child to end, start it again, and so on until cancelled."""
        pause = self._first_pause_s
        while True:
            started = time.monotonic()
            if self._process is not None:
                await self._process.wait()
            if time.monotonic() - started > self._stable_s:
                pause = self._first_pause_s
            self.restarts += 1
            self._set(State.RESTARTING)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)
            with contextlib.suppress(EmbeddedError, OSError):
                await self._launch()
                self._set(State.READY)

    async def _end(self, process: asyncio.subprocess.Process, number: signal.Signals, patience_s: float) -> None:
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        try:
            await asyncio.wait_for(process.wait(), patience_s)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # Its session is its own, so this ends its children too.
            await process.wait()

    def _set(self, state: State) -> None:
        self.state = state
        self.since = self._clock()
        self._changed()

    def _changed(self) -> None:
        if self._on_change is not None:
            self._on_change(self)


def _see_log(log: Path | None) -> str:
    if log is None:
        return ""
    tail = log_tail(log)
    return f"The end of {log}:\n{tail}" if tail else f"Its log {log} is empty."


def describe_exit(code: int | None) -> str:
    """Say how a process ended: its exit status, or the signal that ended it."""
    if code is None:
        return "still running"
    if code >= 0:
        return f"exit status {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


async def _started(command: Command) -> asyncio.subprocess.Process:
    """Start a command in a session of its own; what it prints goes to its log, or to ours where it has none."""
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(open_log(command.log)) if command.log is not None else None
        return await asyncio.create_subprocess_exec(
            *launcher_argv(command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=asyncio.subprocess.STDOUT if log is not None else None,
            env=child_environment(command),
            cwd=command.cwd,
            start_new_session=True,
        )


async def run_once(command: Command, timeout_s: float) -> None:
    """Run a command to its end.

    Raises:
        EmbeddedError: it failed or took longer than `timeout_s`; the end of its log is in the message.
    """
    process = await _started(command)
    try:
        code = await asyncio.wait_for(process.wait(), timeout_s)
    except BaseException as error:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        if isinstance(error, TimeoutError):
            raise EmbeddedError(f"{command.name} took longer than {timeout_s:.0f} s.", _see_log(command.log)) from error
        raise
    if code != 0:
        raise EmbeddedError(f"{command.name} failed ({describe_exit(code)}).", _see_log(command.log))


def default_log(data_dir: Path, name: str) -> Path:
    """Return where the log of the service `name` lies in a data directory."""
    return data_dir / "logs" / f"{name}.log"
