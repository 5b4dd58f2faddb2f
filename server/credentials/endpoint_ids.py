"""What the id of a webhook endpoint looks like: `whe_<tenant>_<random>`, the random part 128 bits in hexadecimal.

The tenant in the id says where to look it up, as in gateway keys. The id is part of an address that the phone system
is told, so it is no secret: what is posted there is signed as well.
"""

import re
import secrets
from typing import Final

from store import identifiers

_FORM: Final = re.compile(rf"whe_({identifiers.FORM})_[0-9a-f]{{32}}\Z")


def make(tenant_id: str) -> str:
    """A fresh id of an endpoint of the tenant."""
    return f"whe_{tenant_id}_{secrets.token_hex(16)}"


def tenant_of(endpoint_id: str) -> str | None:
    """The tenant that an id names; None where it is no id of ours."""
    found = _FORM.match(endpoint_id)
    return None if found is None else found[1]
