"""Secrets are readable with the master key, for their own purpose, and not otherwise."""

import base64

import pytest
from pydantic import SecretStr, ValidationError

from server.config import Settings
from server.secrets import Envelope, UnreadableSecret

OLD, NEW = bytes(32), bytes(range(32))


def test_a_secret_comes_back() -> None:
    stored = Envelope([NEW]).encrypt(b"hidden", tenant_id="tnt_a", purpose="signing")
    assert Envelope([NEW]).decrypt(stored, tenant_id="tnt_a", purpose="signing") == b"hidden"


def test_what_is_stored_does_not_show_it_and_differs_every_time() -> None:
    envelope = Envelope([NEW])
    first, second = (envelope.encrypt(b"hidden", tenant_id="t", purpose="p") for _ in range(2))
    assert b"hidden" not in first
    assert first != second


@pytest.mark.parametrize(("tenant", "purpose"), [("tnt_b", "signing"), ("tnt_a", "other")])
def test_it_cannot_be_read_as_another_tenants_or_for_another_purpose(tenant: str, purpose: str) -> None:
    stored = Envelope([NEW]).encrypt(b"hidden", tenant_id="tnt_a", purpose="signing")
    with pytest.raises(UnreadableSecret):
        Envelope([NEW]).decrypt(stored, tenant_id=tenant, purpose=purpose)


def test_a_changed_byte_anywhere_is_noticed() -> None:
    envelope = Envelope([NEW])
    stored = envelope.encrypt(b"hidden", tenant_id="t", purpose="p")
    for position in range(len(stored)):
        altered = bytearray(stored)
        altered[position] ^= 1
        with pytest.raises(UnreadableSecret):
            envelope.decrypt(bytes(altered), tenant_id="t", purpose="p")
    with pytest.raises(UnreadableSecret):
        envelope.decrypt(stored[:20], tenant_id="t", purpose="p")


def test_the_master_key_can_be_changed_while_the_old_one_is_still_given() -> None:
    stored = Envelope([OLD]).encrypt(b"hidden", tenant_id="t", purpose="p")
    assert Envelope([NEW, OLD]).decrypt(stored, tenant_id="t", purpose="p") == b"hidden"
    with pytest.raises(UnreadableSecret):
        Envelope([NEW]).decrypt(stored, tenant_id="t", purpose="p")


def test_a_master_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Envelope([b"short"])


def test_settings_take_the_master_key_of_today_and_older_ones_after_it() -> None:
    both = ",".join(base64.b64encode(key).decode() for key in (NEW, OLD))
    envelope = Envelope.of(Settings(master_key=SecretStr(both)).master_key.get_secret_value())
    assert envelope is not None
    before = Envelope([OLD]).encrypt(b"hidden", tenant_id="t", purpose="p")
    assert envelope.decrypt(before, tenant_id="t", purpose="p") == b"hidden"
    anew = envelope.encrypt(b"hidden", tenant_id="t", purpose="p")
    assert Envelope([NEW]).decrypt(anew, tenant_id="t", purpose="p") == b"hidden"
    for wrong in ("c2hvcnQ=", f"{both},c2hvcnQ=", ","):
        with pytest.raises(ValidationError):
            Settings(master_key=SecretStr(wrong))
