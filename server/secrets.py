"""Secrets that must be used, so cannot be hashed: under envelope encryption with the master key of the settings.

Each text has a data key of its own (AES-256-GCM), which is itself encrypted under the master key. Who it belongs to and
what it is for are authenticated along with it, so that one stored secret cannot be put in the place of another.

Layout: version (1 byte), id of the master key (4), nonce (12) and encrypted data key (48), nonce (12), ciphertext.
"""

import base64
import hashlib
import os
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION: Final = 1
_NONCE: Final = 12
_WRAPPED: Final = 48
_HEADER: Final = 5


class UnreadableSecret(ValueError):
    """What is stored was encrypted under another master key, for another purpose, or was altered."""


class Envelope:
    """Encrypts under the first master key, decrypts under any, so that the master key can be changed in steps."""

    def __init__(self, master_keys: Sequence[bytes]) -> None:
        """Each key has 32 bytes. Raises ValueError."""
        if not master_keys or any(len(key) != 32 for key in master_keys):
            raise ValueError("a master key has 32 bytes")
        self._keys = {_key_id(key): key for key in reversed(master_keys)}
        self._first = _key_id(master_keys[0])

    @classmethod
    def of(cls, master_key: str) -> "Envelope | None":
        """From the setting: keys in base64 with commas between, the current one first; None where it is not set."""
        return cls([base64.b64decode(key) for key in master_key.split(",")]) if master_key else None

    def encrypt(self, secret: bytes, *, tenant_id: str, purpose: str) -> bytes:
        """The secret, readable only for the same tenant and purpose."""
        context = _context(tenant_id, purpose)
        data_key = AESGCM.generate_key(256)
        header = bytes([_VERSION]) + self._first
        wrap_nonce, nonce = os.urandom(_NONCE), os.urandom(_NONCE)
        wrapped = AESGCM(self._keys[self._first]).encrypt(wrap_nonce, data_key, header + context)
        return header + wrap_nonce + wrapped + nonce + AESGCM(data_key).encrypt(nonce, secret, header + context)

    def decrypt(self, stored: bytes, *, tenant_id: str, purpose: str) -> bytes:
        """The secret again. Raises UnreadableSecret."""
        header = stored[:_HEADER]
        if len(stored) < _HEADER + 2 * _NONCE + _WRAPPED or header[0] != _VERSION:
            raise UnreadableSecret("not a secret that this version encrypted")
        master_key = self._keys.get(header[1:])
        if master_key is None:
            raise UnreadableSecret("encrypted under a master key that is not set")
        context = header + _context(tenant_id, purpose)
        wrapped_end = _HEADER + _NONCE + _WRAPPED
        wrap_nonce, wrapped = stored[_HEADER : _HEADER + _NONCE], stored[_HEADER + _NONCE : wrapped_end]
        nonce, ciphertext = stored[wrapped_end : wrapped_end + _NONCE], stored[wrapped_end + _NONCE :]
        try:
            data_key = AESGCM(master_key).decrypt(wrap_nonce, wrapped, context)
            return AESGCM(data_key).decrypt(nonce, ciphertext, context)
        except InvalidTag as error:
            raise UnreadableSecret("altered, or encrypted for another purpose") from error


def _key_id(master_key: bytes) -> bytes:
    return hashlib.sha256(b"kith master key\0" + master_key).digest()[:4]


def _context(tenant_id: str, purpose: str) -> bytes:
    return f"{tenant_id}\0{purpose}".encode()
