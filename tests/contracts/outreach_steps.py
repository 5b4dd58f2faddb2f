"""What the contract tests of outreach do again and again."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.running import RunningProduct

CONFIG = "/contact-intel/outreach/config"


def instant(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat().replace("+00:00", "Z")


def schedule(rest: httpx.Client, product: RunningProduct, contact_id: str, **body: Any) -> httpx.Response:
    if not {"message", "template", "generate_with_llm"} & body.keys():
        body["message"] = "How did the interview go?"
    given = {"contact_id": contact_id, "scheduled_at": instant(), **body}
    headers = {**product.bearer, **given.pop("headers", {})}
    return rest.post("/contact-intel/outreach", json=given, headers=headers)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@contextmanager
def configured(rest: httpx.Client, product: RunningProduct, **change: Any) -> Iterator[dict[str, Any]]:
    """The tenant's configuration changed for a while."""
    before = rest.get(CONFIG, headers=product.bearer).json()
    answer = rest.patch(CONFIG, json=change, headers=product.bearer)
    assert answer.status_code == 200, answer.text
    try:
        yield answer.json()
    finally:
        after = {name: value for name, value in before.items() if value is not None}
        paths = ",".join(name for name in before)
        rest.patch(CONFIG, json={**after, "update_mask": paths}, headers=product.bearer)
