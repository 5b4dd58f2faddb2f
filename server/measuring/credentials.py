"""The credentials file that `kith up` writes: where Kith answers, and who may ask."""

import json
from dataclasses import dataclass, field, fields
from pathlib import Path

from server.measuring.errors import MeasuringError


@dataclass(frozen=True, slots=True)
class Credentials:
    """`http` is the gateway's URL, `grpc` the server's `host:port`."""

    tenant_id: str
    gateway_key: str = field(repr=False)
    platform_key: str = field(repr=False)
    jwt: str = field(repr=False)
    http: str
    grpc: str


def load(path: Path) -> Credentials:
    """The credentials of `path`. Raises MeasuringError where the file is absent or lacks something."""
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        raise MeasuringError(
            f"There is no {path}. Start the stack with `kith up`, or name its file with --credentials."
        ) from None
    except (OSError, ValueError) as error:
        raise MeasuringError(f"{path} cannot be read as credentials ({type(error).__name__}).") from error
    names = [f.name for f in fields(Credentials)]
    missing = [name for name in names if not isinstance(found, dict) or not isinstance(found.get(name), str)]
    if missing:
        raise MeasuringError(f"{path} lacks {', '.join(missing)}.")
    return Credentials(**{name: found[name] for name in names})
