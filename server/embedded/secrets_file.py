"""The passwords and keys of one data directory, made once and kept in a file that only we can read."""

from __future__ import annotations

import base64
import json
import os
import secrets
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

from server.embedded.errors import EmbeddedError


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the parts of one stack know each other by. `master_key` is 32 bytes in base64."""

    superuser_password: str = field(repr=False)
    owner_password: str = field(repr=False)
    app_password: str = field(repr=False)
    redis_password: str = field(repr=False)
    master_key: str = field(repr=False)


def load_or_make(path: Path) -> Secrets:
    """Read the secrets, or make them if there are none yet.

    Raises:
        EmbeddedError: the file is there and cannot be read as secrets.
    """
    if not path.exists():
        made = Secrets(
            superuser_password=secrets.token_urlsafe(24),
            owner_password=secrets.token_urlsafe(24),
            app_password=secrets.token_urlsafe(24),
            redis_password=secrets.token_urlsafe(24),
            master_key=base64.b64encode(secrets.token_bytes(32)).decode(),
        )
        write_private(path, json.dumps(asdict(made), indent=2))
        return made
    try:
        return Secrets(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise EmbeddedError(
            f"{path} cannot be read as secrets ({type(error).__name__}).",
            "Restore it from a backup; without it the stored provider keys cannot be decrypted.",
        ) from error


def write_private(path: Path, text: str) -> None:
    """Replace a file at one stroke by `text`, readable and writable by us alone, durable on return."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes mode 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
