"""Runs a stack with real stores and fake parts: `python up_with_fakes.py up --data-dir=… …`."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from server.embedded.errors import EmbeddedError
from server.embedded.ourselves import Programs
from server.embedded.stack import Stack
from server.embedded.stack_options import StackOptions

parts = (sys.executable, str(Path(__file__).with_name("fake_parts.py")))
parser = argparse.ArgumentParser()
parser.add_argument("command", choices=["up"])
parser.add_argument("--data-dir", type=Path)
for option in ("--http-port", "--grpc-port", "--workers"):
    parser.add_argument(option, type=int)
given = parser.parse_args()
options = StackOptions(given.data_dir, given.http_port, given.grpc_port, given.workers, drain_seconds=1.0)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


# Whoever runs the tests in the background has its children ignore it; a terminal has not.
signal.signal(signal.SIGINT, signal.default_int_handler)
stack = Stack(options, say, Programs(kith=parts, server=(*parts, "server")))
try:
    asyncio.run(stack.run(lambda record: say(f"READY {record.http}")))
except EmbeddedError as error:
    sys.exit(str(error))
