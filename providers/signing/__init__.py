"""Proofs on linked data: Ed25519 keys, and the `eddsa-rdfc-2022` signature of W3C credentials."""

from providers.signing.contexts import known
from providers.signing.keys import KeyPair, make_key
from providers.signing.proofs import check, secure

__all__ = ["KeyPair", "check", "known", "make_key", "secure"]
