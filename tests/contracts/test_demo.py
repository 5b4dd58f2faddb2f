"""A small demo on the running product: every figure adds up with those of the other endpoints."""

import json
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.running import RunningProduct

CONTACTS, DAYS = 40, 30
PERIOD = {"days": DAYS + 2}
"""Covers every turn, also when midnight falls into the test."""

STATUSES = ("pending", "held", "claimed", "sent", "failed", "cancelled", "expired")


@dataclass(frozen=True)
class Demo:
    """What the command printed, and its tenant's REST client."""

    printed: dict[str, Any]
    rest: httpx.Client

    def get(self, path: str, **query: Any) -> Any:
        answer = self.rest.get(f"/contact-intel/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def pages(self, path: str, name: str, **query: Any) -> list[Any]:
        """All items of all pages."""
        page = self.get(path, limit=100, **query)
        found = list(page[name])
        while page.get("next_cursor"):
            page = self.get(path, limit=100, **query, cursor=page["next_cursor"])
            found += page[name]
        return found


def run_demo(product: RunningProduct, *arguments: str, contacts: int = CONTACTS) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable, "-P", "-m", "server.cli", "demo", "--contacts", str(contacts), "--days", str(DAYS),
            "--data-dir", str(product.directory), *arguments,
        ],
        env=product.environment, capture_output=True, text=True, timeout=110,
    )  # fmt: skip


@pytest.fixture(scope="module")
def demo(product: RunningProduct) -> Iterator[Demo]:
    done = run_demo(product, "--json")
    assert done.returncode == 0, done.stderr
    known = json.loads((product.directory / "demo.json").read_text())
    with product.client() as rest:
        rest.headers["authorization"] = f"Bearer {known['jwt']}"
        yield Demo(json.loads(done.stdout), rest)


def test_turns_are_the_same_in_trends_by_day_and_by_contact(demo: Demo) -> None:
    trends = demo.get("analytics/trends", **PERIOD)
    listed = demo.pages("contacts", "contacts", sort="messages")
    assert len(listed) == CONTACTS
    assert sum(day["messages"] for day in trends["daily"]) == trends["total_messages"] == demo.printed["turns"]
    assert sum(contact["total_messages"] for contact in listed) == trends["total_messages"]
    assert demo.printed["trends"]["total_messages"] == trends["total_messages"]


def test_everybody_who_ever_wrote_was_new_once_and_is_active_in_the_whole_period(demo: Demo) -> None:
    trends = demo.get("analytics/trends", **PERIOD)
    wrote = [contact for contact in demo.pages("contacts", "contacts") if contact["last_active_at"]]
    assert sum(day["new"] for day in trends["daily"]) == trends["new_users"] == len(wrote)
    assert trends["active_users"] == len(wrote)


def test_moods_are_counted_once_for_each_turn_in_which_the_contact_said_something(demo: Demo) -> None:
    moods = demo.get("analytics/moods", **PERIOD)
    said = 0
    for contact in demo.pages("contacts", "contacts"):
        logs = export(demo, contact["id"])["interaction_logs"]
        assert len(logs) == contact["total_messages"]
        said += sum(log["user_message"] is not None for log in logs)
    assert moods["total_classifications"] == said < demo.printed["turns"]
    # Nine shares of four decimals each.
    assert sum(moods["distribution"].values()) == pytest.approx(1, abs=9 * 0.00005)


def export(demo: Demo, contact_id: str) -> Any:
    """An export, waited for as the rate limit says."""
    while True:
        answer = demo.rest.get(f"/contact-intel/contacts/{contact_id}/export")
        if answer.status_code == 200:
            return answer.json()
        assert answer.status_code == 429, answer.text
        time.sleep(int(answer.headers["retry-after"]))


def test_the_churn_report_counts_everybody_and_says_of_each_what_the_profile_says(demo: Demo) -> None:
    everybody = demo.pages("analytics/churn", "contacts", threshold=0)
    wrote = {contact["id"] for contact in demo.pages("contacts", "contacts") if contact["last_active_at"]}
    assert demo.get("analytics/churn", threshold=0, limit=1)["at_risk_count"] == len(everybody)
    assert {contact["id"] for contact in everybody} == wrote
    for contact in everybody:
        state = demo.get(f"contacts/{contact['id']}/profile")["state"]
        # Silence of the seconds between the two answers counts too.
        assert state["churn_risk"] == pytest.approx(contact["churn_risk"], abs=0.001)
        assert state["relationship_stage"] == contact["relationship_stage"]


def test_the_higher_the_threshold_the_fewer_are_at_risk(demo: Demo) -> None:
    counts = [
        demo.get("analytics/churn", threshold=tenths / 10, limit=1)["at_risk_count"] for tenths in range(11)
    ]  # fmt: skip
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


def test_triggers_add_up_over_statuses_and_types_and_the_outbox_has_those_that_were_sent(demo: Demo) -> None:
    by_status = {status: demo.get("outreach", status=status, limit=1)["total"] for status in STATUSES}
    kinds = ("scheduled", "inactivity", "milestone", "recurring")
    by_type = {kind: demo.get("outreach", trigger_type=kind, limit=1)["total"] for kind in kinds}
    triggers = demo.pages("outreach", "triggers")
    assert demo.get("outreach", limit=1)["total"] == len(triggers) == sum(by_status.values()) == sum(by_type.values())
    assert by_type["inactivity"] > 0
    assert by_type["scheduled"] == demo.printed["outreach"]["scheduled"] > 0
    sent = {trigger["id"] for trigger in triggers if trigger["status"] == "sent"}
    outbox = demo.pages("outreach/outbox", "messages")
    assert {message["trigger_id"] for message in outbox} == sent
    assert demo.get("outreach/outbox", limit=1)["total"] == len(outbox) == by_status["sent"] > 0


def test_what_the_churn_report_says_of_messages_is_what_the_triggers_say(demo: Demo) -> None:
    triggers = demo.pages("outreach", "triggers")
    for contact in demo.pages("analytics/churn", "contacts", threshold=0.5):
        statuses = {trigger["status"] for trigger in triggers if trigger["contact_id"] == contact["id"]}
        if contact["outreach_status"] in ("sent", "pending"):
            assert contact["outreach_status"] in statuses
        elif contact["outreach_status"] == "none_sent":
            assert "sent" not in statuses


def test_the_same_again_changes_nothing(product: RunningProduct, demo: Demo) -> None:
    def stored() -> list[Any]:
        # Without what grows by itself with every second of silence.
        contacts = [
            {name: value for name, value in contact.items() if name != "churn_risk"}
            for contact in demo.pages("contacts", "contacts", sort="messages")
        ]
        return [
            demo.get("analytics/trends", **PERIOD),
            demo.get("analytics/moods", **PERIOD),
            sorted(contacts, key=lambda contact: contact["id"]),
        ]

    def triggers() -> dict[str, Any]:
        return {trigger["id"]: trigger for trigger in demo.pages("outreach", "triggers")}

    before, planned, at = stored(), triggers(), datetime.now(UTC)
    key = json.loads((product.directory / "demo.json").read_text())["gateway_key"]
    again = run_demo(product, "--json")
    assert again.returncode == 0, again.stderr
    printed = json.loads(again.stdout)
    assert printed["turns"] == demo.printed["turns"]
    assert printed["outreach"]["scheduled"] == 0
    assert stored() == before
    after = triggers()
    assert planned.keys() <= after.keys()
    # What came due just in between is no repetition.
    assert all(datetime.fromisoformat(after[new]["scheduled_at"]) > at for new in after.keys() - planned.keys())
    assert json.loads((product.directory / "demo.json").read_text())["gateway_key"] == key


def test_it_prints_tables_and_calls_for_a_person_and_keeps_the_credentials_to_itself(
    product: RunningProduct, demo: Demo
) -> None:
    done = run_demo(product, contacts=2)
    assert done.returncode == 0, done.stderr
    assert "by week" in done.stdout
    assert f"curl -s '{product.http}/contact-intel/analytics/trends?days={DAYS}" in done.stdout
    file = product.directory / "demo.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    known = json.loads(file.read_text())
    assert known["gateway_key"] not in done.stdout
    assert known["tenant_id"] == demo.printed["tenant_id"] == "demo-life"


def test_a_tenant_that_is_no_demo_is_left_alone(product: RunningProduct) -> None:
    refused = run_demo(product, "--tenant", "demo")
    assert refused.returncode == 1
    assert "--tenant" in refused.stderr
    assert "Traceback" not in refused.stderr
