"""The whole stack as its supervisor sees it: real stores, small stand-ins for our own programs."""

import json
import signal
import socket
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from server.cli import app
from server.embedded import data_dirs, leftovers, roles
from server.embedded.detached import start_detached
from server.embedded.errors import EmbeddedError
from server.embedded.ports import free_ports
from server.embedded.stack_options import StackOptions
from tests.embedded.stacks import FAKES, RunningStack, until


def app_url(stack: RunningStack) -> str:
    return roles.app_url(stack.record.ports["postgres"], data_dirs.secrets(stack.data_dir))


def test_it_starts_restarts_what_dies_and_stops_in_order(data_dir: Path) -> None:
    stack = RunningStack(data_dir, workers=2).ready()
    try:
        services = stack.record.services
        assert list(services) == ["postgres", "redis", "server-1", "server-2", "worker", "envoy"]
        assert {service.state for service in services.values()} == {"ready"}
        assert json.loads((data_dir / "credentials.json").read_text())["tenant_id"] == "tnt_demo"

        for name in ("server-1", "redis", "postgres"):
            before = stack.process_of(name)
            leftovers.end(before, signal.SIGKILL, 0)
            until(lambda name=name: stack.record.services[name].restarts == 1)  # type: ignore[misc]
            until(lambda name=name: stack.record.services[name].state == "ready")  # type: ignore[misc]
            assert stack.process_of(name) != before
        with psycopg.connect(app_url(stack)) as connection:
            connection.execute("SELECT 1")
        processes = [stack.process_of(name) for name in services]
        assert stack.stop() == 0
        assert stack.record.state == "stopped"
        assert not any(leftovers.is_running(process) for process in processes)
    finally:
        stack.stop()


def test_after_a_kill_of_the_supervisor_nothing_lingers_and_the_data_is_there(data_dir: Path) -> None:
    stack = RunningStack(data_dir).ready()
    try:
        secrets = data_dirs.secrets(data_dir)
        owner = roles.role_url(stack.record.ports["postgres"], roles.OWNER, secrets.owner_password, roles.DATABASE)
        with psycopg.connect(owner) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS id; GRANT SELECT ON kept TO kith_app")
        processes = [stack.process_of(name) for name in stack.record.services]
        stack.stop(signal.SIGKILL)
        assert not stack.record.is_running
        assert all(leftovers.wait_gone(process, 10.0) for process in processes)
    finally:
        stack.stop()
    again = RunningStack(data_dir).ready()
    try:
        with psycopg.connect(app_url(again)) as connection:
            assert connection.execute("SELECT id FROM kept").fetchall() == [(1,)]
    finally:
        assert again.stop() == 0


def test_one_data_directory_serves_one_stack_and_another_runs_beside_it(data_dir: Path) -> None:
    stack = RunningStack(data_dir).ready()
    beside = RunningStack(data_dir.with_name("beside"))
    try:
        second = RunningStack(data_dir)
        assert second.process.wait(20) == 1
        assert f"already runs on the data directory {data_dir} (process {stack.process.pid})" in second.text
        assert stack.record.state == "ready"
        beside.ready()
        assert not set(beside.record.ports.values()) & set(stack.record.ports.values())
    finally:
        stack.stop()
        beside.stop()


def test_a_port_in_use_is_named_with_its_option_before_anything_starts(data_dir: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        for ports, option in (((port, free_ports(1)[0]), "--http-port"), ((0, port), "--grpc-port")):
            stack = RunningStack(data_dir, *ports)
            assert stack.process.wait(20) == 1
            assert f"Port {port} on 127.0.0.1 is in use" in stack.text
            assert option in stack.text
    assert not (data_dir / "postgres").exists()


def test_a_detached_stack_is_ready_on_return_and_goes_down_when_asked(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = CliRunner()
    options = StackOptions(data_dir, http_port=0, grpc_port=0, workers=1)
    monkeypatch.setenv("KITH_TEST_FAIL", "server")
    with pytest.raises(EmbeddedError, match="was told to fail"):
        start_detached(options, FAKES)
    monkeypatch.delenv("KITH_TEST_FAIL")
    record = start_detached(options, FAKES)
    try:
        told = json.loads(command.invoke(app, ["status", "--json", "--data-dir", str(data_dir)]).output)
        assert told["running"] is True
        assert (told["pid"], told["http"], told["grpc"]) == (record.supervisor.pid, record.http, record.grpc)
        assert told["services"]["envoy"]["state"] == "ready"
    finally:
        assert command.invoke(app, ["down", "--data-dir", str(data_dir)]).output == "Stopped.\n"
    after = command.invoke(app, ["status", "--json", "--data-dir", str(data_dir)])
    assert json.loads(after.output)["running"] is False
    assert after.exit_code == 3
    assert "Nothing runs" in command.invoke(app, ["down", "--data-dir", str(data_dir)]).output


def test_a_part_that_fails_stops_the_rest_and_tells_why(data_dir: Path) -> None:
    stack = RunningStack(data_dir, environment={"KITH_TEST_FAIL": "migrate"})
    assert stack.process.wait(20) == 1
    assert "migrate failed" in stack.text
    assert "was told to fail" in stack.text
    assert stack.record.state == "stopped"
    assert leftovers.working_in(data_dir / "postgres" / "18", "postgres") == []


def test_a_stop_while_starting_leaves_nothing(data_dir: Path) -> None:
    stack = RunningStack(data_dir)
    until(lambda: "Redis" in stack.text or (data_dir / "postgres" / "18" / "postmaster.pid").exists())
    assert stack.stop(signal.SIGINT) == 0
    assert leftovers.working_in(data_dir / "postgres" / "18", "postgres") == []
