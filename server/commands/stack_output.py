"""What `kith up` and `kith status` print: for a person at a terminal, and plainly for a pipe."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from rich.console import Console
from rich.status import Status
from rich.table import Table

from server.embedded.data_dirs import CREDENTIALS_FILE
from server.embedded.stack_file import StackRecord
from server.embedded.stack_options import StackOptions

_COLOURS = {"ready": "green", "starting": "yellow", "restarting": "red", "stopping": "yellow"}


class Reporter:
    """Shows the steps of starting: a spinner on a terminal, a line each otherwise."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._spinner: Status | None = None

    def step(self, what: str) -> None:
        """Tell that a step begins."""
        if not self._console.is_terminal:
            self._console.print(f"… {what}", markup=False)
        elif self._spinner is None:
            self._spinner = self._console.status(what)
            self._spinner.start()
        else:
            self._spinner.update(what)

    def done(self) -> None:
        """Take the spinner away."""
        if self._spinner is not None:
            self._spinner.stop()
            self._spinner = None


def print_ready(record: StackRecord, options: StackOptions) -> None:
    """Print the URLs and first calls that can be pasted into a shell."""
    console = Console(highlight=False)
    path = options.data_dir / CREDENTIALS_FILE
    credentials = json.loads(path.read_text())
    gateway_key, jwt = credentials["gateway_key"], credentials["jwt"]
    curl = "curl -k" if record.http.startswith("https") else "curl"
    body = json.dumps(
        {
            "tenant_id": credentials["tenant_id"],
            "external_id": "wa_15550001",
            "channel": "whatsapp",
            "display_name": "Mina",
        }
    )
    contacts = f"{record.http}/contact-intel/contacts"
    # Plain and unwrapped: these lines are copied, and scripts read them.
    for line in (
        "",
        "Kith is ready.",
        f"  REST, gRPC, gRPC-Web   {record.http}",
        f"  gRPC (direct)          {record.grpc}",
        f"  credentials            {path}",
        "",
        "Create a contact (the answer has its id):",
        f"  {curl} -s {contacts} -H 'x-gateway-key: {gateway_key}' -H 'content-type: application/json' -d '{body}'",
        "What to know about it before answering (put the id in):",
        f"  {curl} -s '{record.http}/contact-intel/context/CONTACT_ID?message=hello' -H 'x-gateway-key: {gateway_key}'",
        "All contacts:",
        f"  {curl} -s '{contacts}?limit=20' -H 'authorization: Bearer {jwt}'",
        "",
    ):
        console.print(line, markup=False, soft_wrap=True)


def print_status(record: StackRecord | None, *, as_json: bool) -> None:
    """Print what runs, as `{"running", "pid", "http", "grpc", "services"}` or as a table."""
    console = Console(highlight=False)
    running = record is not None and record.is_running
    if as_json:
        console.print(json.dumps(_as_json(record, running), indent=2), markup=False, soft_wrap=True)
        return
    if record is None or not running:
        console.print("Kith does not run here. Start it with: kith up")
        return
    table = Table("service", "state", "pid", "restarts", "since")
    for name, service in record.services.items():
        colour = _COLOURS.get(service.state, "white")
        pid = str(service.process.pid) if service.process else "–"
        table.add_row(name, f"[{colour}]{service.state}[/]", pid, str(service.restarts), _time(service.since))
    console.print(f"{record.http}  gRPC {record.grpc}  {record.state} (process {record.supervisor.pid})")
    console.print(table)


def _as_json(record: StackRecord | None, running: bool) -> dict[str, object]:
    if record is None or not running:
        return {"running": False, "pid": None, "http": None, "grpc": None, "services": {}}
    services = {
        name: {
            "state": service.state,
            "pid": service.process.pid if service.process else None,
            "restarts": service.restarts,
            "since": _time(service.since),
        }
        for name, service in record.services.items()
    }
    return {
        "running": True,
        "state": record.state,
        "pid": record.supervisor.pid,
        "http": record.http,
        "grpc": record.grpc,
        "services": services,
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
