"""`kith tenant`, `kith key`, `kith token` and `kith demo-credentials`: each prints what it made alone."""

import asyncio
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from typer.testing import CliRunner

from server.cli import app
from server.embedded.stores import EmbeddedStores
from server.rpc.policy import permissions
from tests.rpc.access_server import MASTER_KEY


@pytest.fixture(autouse=True)
def environment(stores: EmbeddedStores, database_name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("KITH_DATABASE_URL", stores.app_url(database_name))
    monkeypatch.setenv("KITH_REDIS_URL", stores.redis_url)
    monkeypatch.setenv("KITH_MASTER_KEY", MASTER_KEY)
    monkeypatch.setenv("KITH_GATEWAY_PORT", "18080")
    # The commands have event loops of their own.
    before = asyncio.get_event_loop_policy().get_event_loop()
    yield
    asyncio.set_event_loop(before)


def kith(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def kith_fails(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code != 0
    assert "Traceback" not in result.output
    return result.output


def test_a_tenant_its_key_and_a_token_are_printed_alone() -> None:
    assert kith("tenant", "create", "tnt_cli", "--name", "Shell") == "tnt_cli"
    assert kith("tenant", "create").startswith("tnt_")
    assert kith("key", "create", "--tenant", "tnt_cli").startswith("kgk_tnt_cli_")
    assert kith("key", "create", "--platform").startswith("kgk_platform_")
    token = kith("token", "--tenant", "tnt_cli", "--permissions", "contacts:read,memories:read", "--ttl", "1h")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["tenant_id"], claims["permissions"]) == ("tnt_cli", ["contacts:read", "memories:read"])
    assert claims["exp"] - claims["iat"] == 3600


def test_keys_are_rotated_listed_and_revoked() -> None:
    kith("tenant", "create", "tnt_keys")
    kith("key", "create", "--tenant", "tnt_keys", "--ttl", "90d")
    old = json.loads(kith("key", "list", "--tenant", "tnt_keys", "--json"))[0]
    assert kith("key", "rotate", old["id"], "--tenant", "tnt_keys").startswith("kgk_tnt_keys_")
    assert kith("key", "revoke", old["id"], "--tenant", "tnt_keys") == "revoked"
    listed = json.loads(kith("key", "list", "--tenant", "tnt_keys", "--json"))
    assert [bool(one["revoked_at"]) for one in listed] == [False, True]


def test_a_tenant_is_suspended_resumed_and_deleted() -> None:
    kith("tenant", "create", "tnt_short")
    assert kith("tenant", "suspend", "tnt_short") == "suspended"
    assert kith("tenant", "resume", "tnt_short") == "active"
    assert kith("tenant", "delete", "tnt_short", "--yes") == "deleted"
    assert "tnt_short" not in kith("tenant", "list")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["token", "--tenant", "tnt_nobody"], "does not exist"),
        (["token", "--tenant", "tnt_nobody", "--permissions", "everything"], "everything"),
        (["token", "--tenant", "tnt_nobody", "--ttl", "soon"], "1h"),
        (["key", "create"], "--tenant"),
        (["key", "create", "--tenant", "a b"], "1 to 128"),
        (["tenant", "create", "platform"], "reserved"),
        (["tenant", "create", "tnt_mars", "--time-zone", "Mars/Olympus"], "time zone"),
    ],
)
def test_what_cannot_be_is_told_without_a_traceback(arguments: list[str], said: str) -> None:
    assert said in kith_fails(*arguments)


def test_without_a_master_key_it_is_said_how_to_make_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KITH_MASTER_KEY")
    assert "KITH_MASTER_KEY" in kith_fails("token", "--tenant", "tnt_cli")


def test_demo_credentials_are_private_complete_and_kept_while_they_are_good(tmp_path: Path) -> None:
    out = tmp_path / "credentials.json"
    kith("demo-credentials", "--out", str(out))
    first: dict[str, Any] = json.loads(out.read_text())
    assert set(first) == {"tenant_id", "gateway_key", "platform_key", "jwt", "http", "grpc"}
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert first["http"] == "http://127.0.0.1:18080"
    claims = jwt.decode(first["jwt"], options={"verify_signature": False})
    assert claims["permissions"] == permissions()
    assert claims["exp"] - claims["iat"] == 7 * 86_400

    kith("demo-credentials", "--out", str(out))
    assert json.loads(out.read_text()) == first

    revoked = json.loads(kith("key", "list", "--tenant", "demo", "--json"))[0]["id"]
    kith("key", "revoke", revoked, "--tenant", "demo")
    kith("rotate-signing-key", "--retire")
    kith("demo-credentials", "--out", str(out))
    renewed = json.loads(out.read_text())
    assert renewed["gateway_key"] != first["gateway_key"]
    assert renewed["jwt"] != first["jwt"]
    assert renewed["platform_key"] == first["platform_key"]


def test_a_damaged_credentials_file_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "credentials.json"
    out.write_text('{"gateway_key": 7, "jwt": "x"')
    kith("demo-credentials", "--out", str(out))
    assert json.loads(out.read_text())["jwt"].count(".") == 2
