"""What the database can answer instead of rows, translated from the driver once.

StoreError
├── UniqueViolation       names the constraint
├── ForeignKeyViolation   names the constraint
├── RetryableConflict     serialization failure or deadlock; `Database.run` retries it
├── StatementTimeout      the caller's deadline or the server's limit ran out
└── StoreUnavailable      no connection to be had, or it broke
"""

import psycopg
from psycopg import errors as pg
from sqlalchemy import exc


class StoreError(Exception):
    """The parent of everything the store raises."""


class UniqueViolation(StoreError):
    """A row with this key exists. `constraint` is its name in the schema."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class ForeignKeyViolation(StoreError):
    """The row that this one belongs to does not exist. `constraint` is its name in the schema."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class RetryableConflict(StoreError):
    """Two transactions got in each other's way; the same work may be done again."""


class StatementTimeout(StoreError):
    """A statement ran longer than it was given."""


class StoreUnavailable(StoreError):
    """The database does not answer."""


def translate(error: BaseException) -> StoreError | None:
    """The store's own error for a driver's or SQLAlchemy's; None if it is neither."""
    if isinstance(error, exc.TimeoutError):
        return StoreUnavailable("no free database connection")
    original = error.orig if isinstance(error, exc.DBAPIError) and error.orig is not None else error
    if not isinstance(original, psycopg.Error):
        return None
    if isinstance(original, pg.UniqueViolation):
        return UniqueViolation(original.diag.constraint_name or "")
    if isinstance(original, pg.ForeignKeyViolation):
        return ForeignKeyViolation(original.diag.constraint_name or "")
    if isinstance(original, pg.SerializationFailure | pg.DeadlockDetected):
        return RetryableConflict(type(original).__name__)
    if isinstance(original, pg.QueryCanceled | pg.LockNotAvailable):
        return StatementTimeout(type(original).__name__)
    if isinstance(original, psycopg.OperationalError | psycopg.InterfaceError):
        return StoreUnavailable(type(original).__name__)
    return StoreError(type(original).__name__)
