"""Sealing: secrets that lie in the database readable only with SECRET_KEY, each bound to its owner and its use.

AES-256-GCM with a random nonce (NIST SP 800-38D) under a key derived by HKDF-SHA-256 (RFC 5869). Owner (a
channel, or a person) and purpose are authenticated with it, so that a sealed secret copied into another row, or to
another owner, does not open.
"""

import secrets
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tenants.errors import Unavailable

_FORM = b"\x01"
_NONCE = 12


class SealBroken(Unavailable):
    """503: what was sealed does not open, for another SECRET_KEY, owner or purpose, or because bytes were changed."""

    def __init__(self) -> None:
        super().__init__(
            "A kept secret does not open. The operator should start with the SECRET_KEY it was kept under.",
            "seal_broken",
            60,
        )


class Seals:
    """Seals and opens under one SECRET_KEY."""

    def __init__(self, secret: bytes) -> None:
        key = HKDF(SHA256(), 32, salt=None, info=b"guildhall sealing 1").derive(secret)
        self._cipher = AESGCM(key)

    def seal(self, owner: UUID, purpose: str, plain: bytes) -> bytes:
        """`plain` as only `open` with the same owner and purpose reads it; each time other bytes."""
        nonce = secrets.token_bytes(_NONCE)
        return _FORM + nonce + self._cipher.encrypt(nonce, plain, _bound(owner, purpose))

    def open(self, owner: UUID, purpose: str, sealed: bytes) -> bytes:
        """What was sealed for this owner and purpose; SealBroken when it was not."""
        nonce, rest = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        if sealed[:1] != _FORM or len(nonce) != _NONCE:
            raise SealBroken()
        try:
            return self._cipher.decrypt(nonce, rest, _bound(owner, purpose))
        except InvalidTag:
            raise SealBroken() from None


def _bound(owner: UUID, purpose: str) -> bytes:
    return owner.bytes + purpose.encode()
