"""One supervised child, with small programs in its place."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from server.embedded import leftovers
from server.embedded.errors import EmbeddedError
from server.embedded.process import Child, Service, State, run_once
from server.embedded.spawn import Command
from server.embedded.supervisor import Supervisor
from tests.embedded.stacks import until


def shell(tmp_path: Path, script: str, name: str = "child") -> Command:
    return Command(name=name, argv=("/bin/sh", "-c", script), log=tmp_path / f"{name}.log")


async def wait_for(condition: object, timeout_s: float = 5.0) -> None:
    assert callable(condition)
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_child_that_dies_is_started_again(tmp_path: Path) -> None:
    child = Child(Service(shell(tmp_path, "sleep 60")), first_pause_s=0.01)
    await child.start()
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await wait_for(lambda: child.restarts == 1 and child.state is State.READY)
    assert child.pid not in (None, first)
    await child.stop()
    assert child.state is State.STOPPED
    assert child.pid is None


async def test_the_pause_grows_while_a_child_keeps_dying(tmp_path: Path) -> None:
    (tmp_path / "count").write_text("")
    child = Child(Service(shell(tmp_path, f"echo >> {tmp_path}/count")), first_pause_s=0.05)
    await child.start()
    await asyncio.sleep(0.6)
    await child.stop()
    # Without growth there would be about ten starts in that time; with doubling, at most four.
    assert 2 <= len((tmp_path / "count").read_text()) <= 5


async def test_a_start_that_fails_shows_the_end_of_the_log(tmp_path: Path) -> None:
    async def never(pid: int) -> bool:
        return False

    child = Child(Service(shell(tmp_path, "echo no such table; exit 3"), never))
    with pytest.raises(EmbeddedError, match=r"(?s)exit status 3.*no such table"):
        await child.start()


async def test_a_child_that_is_never_ready_is_ended(tmp_path: Path) -> None:
    async def never(pid: int) -> bool:
        return False

    child = Child(Service(shell(tmp_path, "sleep 60"), never, ready_within_s=0.1))
    with pytest.raises(EmbeddedError, match="not ready within"):
        await child.start()
    assert child.pid is None


async def test_a_child_that_ignores_the_stop_signal_is_killed_with_its_own_children(tmp_path: Path) -> None:
    script = f"trap '' TERM; sleep 60 & echo $! > {tmp_path}/grandchild; while :; do sleep 1; done"
    child = Child(Service(shell(tmp_path, script), stop_within_s=0.2))
    await child.start()
    await wait_for(lambda: (tmp_path / "grandchild").exists() and (tmp_path / "grandchild").read_text())
    grandchild = leftovers.identify(int((tmp_path / "grandchild").read_text()))
    assert grandchild is not None
    await child.stop()
    assert leftovers.wait_gone(grandchild, 2.0)


async def test_a_command_that_fails_says_so_with_its_log(tmp_path: Path) -> None:
    await run_once(shell(tmp_path, "exit 0"), 5)
    with pytest.raises(EmbeddedError, match=r"(?s)migrate failed \(exit status 1\).*broken"):
        await run_once(shell(tmp_path, "echo broken; exit 1", "migrate"), 5)
    with pytest.raises(EmbeddedError, match="longer than"):
        await run_once(shell(tmp_path, "sleep 60"), 0.1)


async def test_the_last_started_group_stops_first(tmp_path: Path) -> None:
    supervisor = Supervisor()
    for name in ("one", "two", "three"):
        trap = f"trap 'echo {name} >> {tmp_path}/stops; exit' TERM"
        script = f"{trap}; touch {tmp_path}/{name}; while :; do sleep 0.02; done"
        await supervisor.start([Service(shell(tmp_path, script, name))])
    await wait_for(lambda: all((tmp_path / name).exists() for name in ("one", "two", "three")))
    await supervisor.stop()
    assert (tmp_path / "stops").read_text().split() == ["three", "two", "one"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's end")
def test_children_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    script = (
        "import pathlib, time\n"
        "from server.embedded.spawn import Command, start\n"
        f"log = pathlib.Path({str(tmp_path / 'log')!r})\n"
        "child = start(Command('sleep', ('/bin/sleep', '60'), log))\n"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(f'{{child.pid}} ')\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script])
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().endswith(" "))
    pid = int((tmp_path / "pid").read_text())
    until(lambda: b"sleep" in Path(f"/proc/{pid}/cmdline").read_bytes()[:12])
    child = leftovers.identify(pid)
    assert child is not None
    parent.kill()
    parent.wait()
    assert leftovers.wait_gone(child, 3.0)
