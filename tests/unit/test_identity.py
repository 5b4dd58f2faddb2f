"""Numbers, addresses and ids of other systems are recognised however they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import identity, phone
from server.domain.errors import InvalidInput


@pytest.mark.parametrize(
    ("raw", "region", "value"),
    [
        ("+49 30 901820", None, "+4930901820"),
        ("030/901820", "DE", "+4930901820"),
        ("(555) 010-0199".replace("555", "212"), "US", "+12120100199"),
        ("00 44 20 7946 0018", "DE", "+442079460018"),
    ],
)
def test_a_number_is_one_however_it_is_written(raw: str, region: str | None, value: str) -> None:
    assert phone.read(raw, region) == phone.Number(value, unreadable=False)


@pytest.mark.parametrize("raw", ["030 901820", "anonymous", "+0", "", "++49"])
def test_a_number_that_cannot_be_read_is_kept_and_flagged(raw: str) -> None:
    assert phone.read(raw) == phone.Number(raw, unreadable=True)


@given(st.text(max_size=40), st.sampled_from([None, "DE", "US", "IN"]))
def test_whatever_is_written_something_is_kept_and_reads_as_itself(raw: str, region: str | None) -> None:
    number = phone.read(raw, region)
    assert number.value or not raw
    assert phone.read(number.value, region) == number


def test_an_address_is_one_whatever_its_case() -> None:
    assert identity.read("email", " Jo.Adler@Example.COM ").value == "jo.adler@example.com"


@pytest.mark.parametrize("raw", ["jo", "jo@", "@example.com", "jo@exa mple.com", "jo@example.com\nBcc: x@y.z"])
def test_what_is_no_address_is_refused_by_its_field(raw: str) -> None:
    with pytest.raises(InvalidInput, match=r"identities\[2\]\.value"):
        identity.read("email", raw, field="identities[2].value")


@pytest.mark.parametrize(
    ("channel", "external_id", "expected"),
    [
        ("whatsapp", "4930901820", ("whatsapp", "", "+4930901820")),
        ("whatsapp", "whatsapp:+4930901820", ("whatsapp", "", "+4930901820")),
        ("whatsapp", "4930901820@c.us", ("whatsapp", "", "+4930901820")),
        ("whatsapp", "wa_7781", ("external", "whatsapp", "wa_7781")),
        ("sms", "+4930901820", ("phone", "", "+4930901820")),
        ("email", "Jo@Example.com", ("email", "", "jo@example.com")),
        ("email", "none", ("external", "email", "none")),
        ("telegram", "8812", ("external", "telegram", "8812")),
    ],
)
def test_the_id_on_a_channel_is_the_identity_that_it_looks_like(
    channel: str, external_id: str, expected: tuple[str, str, str]
) -> None:
    found = identity.of_channel(channel, external_id)
    assert (found.kind, found.system, found.value) == expected
    assert found.raw == external_id
