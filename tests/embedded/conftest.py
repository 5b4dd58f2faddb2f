"""Directories that Postgres' unprivileged account can enter, also when the tests run as root."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data directory that does not exist yet, below one that every account can enter."""
    parent = Path(tempfile.mkdtemp(prefix="kith-test-"))
    parent.chmod(0o711)
    yield parent / "data"
    shutil.rmtree(parent, ignore_errors=True)
