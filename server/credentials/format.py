"""What a gateway key looks like: `kgk_<tenant>_<secret>`, the secret 256 random bits in hexadecimal.

The tenant in the key says where to look it up, so that a look-up reads one tenant's index and nothing else.
"""

import hashlib
import re
import secrets
from typing import Final

from store import identifiers

_FORM: Final = re.compile(rf"kgk_({identifiers.FORM})_[0-9a-f]{{64}}\Z")


def make(tenant_id: str) -> str:
    """A fresh key of a tenant. It is shown once and never stored."""
    return f"kgk_{tenant_id}_{secrets.token_hex(32)}"


def tenant_of(key: str) -> str | None:
    """The tenant that a key names; None where it is no key of ours."""
    found = _FORM.match(key)
    return None if found is None else found[1]


def digest(credential: str) -> bytes:
    """What a credential is stored and cached by. Keys are random, so a slow hash would protect nothing."""
    return hashlib.sha256(credential.encode()).digest()
