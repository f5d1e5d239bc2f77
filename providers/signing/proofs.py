"""The `eddsa-rdfc-2022` proof (W3C Data Integrity EdDSA Cryptosuites 1.0, section 3.2)."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyld import jsonld

from providers.signing import contexts
from providers.signing.keys import KeyPair, decode, encode, public_key

Document = dict[str, Any]


def secure(document: Document, key: KeyPair, *, method: str, at: datetime) -> Document:
    """`document` with one proof, in a list, by `key`, which the issuer's DID document names `method`.

    Raises ValueError when the document says something that its contexts do not define: it would go unsigned.
    """
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
    }
    signature = Ed25519PrivateKey.from_private_bytes(key.secret).sign(digest(document, options))
    return {**document, "proof": [{**options, "proofValue": encode(signature)}]}


def check(document: Document, keys: dict[str, str]) -> bool:
    """Whether every proof of `document` is by one of `keys`: Multikeys by the method names they go under."""
    proofs = document.get("proof")
    proofs = proofs if isinstance(proofs, list) else [proofs]
    plain = {name: value for name, value in document.items() if name != "proof"}
    return bool(proofs) and all(holds(plain, proof, keys) for proof in proofs)


def holds(document: Document, proof: Any, keys: dict[str, str]) -> bool:
    """Whether `proof` is a right one over `document`; False for what is no proof at all."""
    if not isinstance(proof, dict):
        return False
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    known = keys.get(str(options.get("verificationMethod")))
    if known is None or options.get("cryptosuite") != "eddsa-rdfc-2022":
        return False
    try:
        public_key(known).verify(decode(str(proof.get("proofValue"))), digest(document, options))
    except (InvalidSignature, ValueError):
        return False
    return True


def digest(document: Document, options: Document) -> bytes:
    """What is signed: the hash of the proof's own options, then the hash of the document."""
    return hashed({"@context": document["@context"], **options}) + hashed(document)


def hashed(document: Document) -> bytes:
    """SHA-256 over the canonical N-Quads of `document` (RDFC-1.0); raises ValueError when it has none."""
    try:
        refuse_unknown(document)
        quads = jsonld.normalize(
            document, {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": contexts.load}
        )
    except jsonld.JsonLdError as fault:
        raise ValueError(f"Not to be read as linked data: {fault.details or fault}") from fault
    return hashlib.sha256(quads.encode()).digest()


def refuse_unknown(document: Document) -> None:
    """Raise ValueError when a word of `document` has no meaning in its contexts, since canonical form drops those."""
    expanded = jsonld.expand(document, {"documentLoader": contexts.load})
    whole = jsonld.compact(expanded, document["@context"], {"documentLoader": contexts.load})
    missing = words(document) - words(whole)
    if missing:
        raise ValueError(f"Not defined by the document's contexts: {', '.join(sorted(missing))}")


def words(value: Any) -> set[str]:
    """Every name that `value` uses, at any depth."""
    if isinstance(value, dict):
        return set(value).union(*(words(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(words(inner) for inner in value))
    return set()
