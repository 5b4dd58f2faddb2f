"""The settings of the stack that runs on a data directory, for commands that work on it from outside."""

import os
from pathlib import Path

from pydantic import SecretStr

from server.config import Settings
from server.embedded import data_dirs, roles, stack_file
from server.embedded.redis import Redis


def running_settings(data_dir: Path) -> Settings | None:
    """Where the stack's stores are and what its secrets are encrypted under; None where no stack runs there."""
    record = stack_file.read(data_dir)
    if record is None or not record.is_running:
        return None
    secrets = data_dirs.secrets(data_dir)
    settings = Settings()
    return settings.model_copy(
        update={
            "database_url": SecretStr(roles.app_url(record.ports["postgres"], secrets)),
            "redis_url": SecretStr(Redis(data_dir, record.ports["redis"], secrets.redis_password).url),
            "master_key": settings.master_key
            if settings.master_key.get_secret_value()
            else SecretStr(secrets.master_key),
        }
    )


def settings_for(data_dir: Path) -> Settings:
    """What `KITH_DATABASE_URL` points at where it is set, else the stack that runs on the data directory."""
    if "KITH_DATABASE_URL" in os.environ:
        return Settings()
    return running_settings(data_dir) or Settings()
