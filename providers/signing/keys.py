"""Ed25519 keys as credentials write them: Multikey, which is base 58 with a prefix for the kind."""

from dataclasses import dataclass

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
ED25519 = bytes([0xED, 0x01])


@dataclass(frozen=True)
class KeyPair:
    """`secret` is 32 raw bytes, which the caller keeps encrypted; `public` is a Multikey that anyone may read."""

    public: str
    secret: bytes

    def __repr__(self) -> str:
        return f"KeyPair(public={self.public!r}, secret=…)"


def make_key() -> KeyPair:
    """A new random key pair."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    secret = key.private_bytes(
        serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    )
    return KeyPair(encode(ED25519 + public), secret)


def public_key(multikey: str) -> Ed25519PublicKey:
    """The key that `multikey` writes; raises ValueError for any other kind."""
    raw = decode(multikey)
    if raw[:2] != ED25519 or len(raw) != 34:
        raise ValueError(f"{multikey} is no Ed25519 key")
    return Ed25519PublicKey.from_public_bytes(raw[2:])


def encode(raw: bytes) -> str:
    """`raw` as multibase base 58 (Bitcoin's alphabet), with its prefix z."""
    number, text = int.from_bytes(raw), ""
    while number:
        number, rest = divmod(number, 58)
        text = BASE58[rest] + text
    return "z" + "1" * (len(raw) - len(raw.lstrip(b"\0"))) + text


def decode(text: str) -> bytes:
    """The bytes behind a multibase base 58 text; raises ValueError for any other text."""
    if not text.startswith("z"):
        raise ValueError("Not written in base 58")
    number = 0
    for sign in text[1:]:
        number = number * 58 + BASE58.index(sign)
    zeros = len(text) - 1 - len(text[1:].lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)
