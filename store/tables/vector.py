"""The column type of pgvector, and vectors as the text that Postgres reads and writes."""

from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType

Vectors = NDArray[np.float32]


class Vector(UserDefinedType[str]):
    """`vector` without a fixed length: each tenant's model has its own. At most 16,000 numbers."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The type's name in SQL."""
        return "VECTOR"


# So that a schema read back from the database has the type too.
ischema_names["vector"] = Vector


def to_text(vector: Vectors) -> str:
    """One vector as Postgres reads it; float32 in the shortest digits that give it again."""
    return orjson.dumps(np.ascontiguousarray(vector, dtype=np.float32), option=orjson.OPT_SERIALIZE_NUMPY).decode()


def from_text(text: str) -> Vectors:
    """One vector as Postgres writes it."""
    return np.asarray(orjson.loads(text), dtype=np.float32)
