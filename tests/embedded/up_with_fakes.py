"""Runs a stack with real stores and fake parts: `python up_with_fakes.py DATA_DIR HTTP GRPC WORKERS`."""

import asyncio
import sys
from pathlib import Path

from server.embedded.errors import EmbeddedError
from server.embedded.ourselves import Programs
from server.embedded.stack import Stack
from server.embedded.stack_options import StackOptions

parts = (sys.executable, str(Path(__file__).with_name("fake_parts.py")))
data_dir, http_port, grpc_port, workers = sys.argv[1:]
options = StackOptions(Path(data_dir), int(http_port), int(grpc_port), int(workers), drain_seconds=1.0)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


stack = Stack(options, say, Programs(kith=parts, server=(*parts, "server")))
try:
    asyncio.run(stack.run(lambda record: say(f"READY {record.http}")))
except EmbeddedError as error:
    sys.exit(str(error))
