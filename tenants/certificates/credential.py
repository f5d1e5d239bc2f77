"""A certificate as data that anyone can check: Open Badges 3.0 in W3C VC 2.0, its issuer, and who was revoked.

Pure documents; the proofs are added by whoever holds the keys.
"""

import base64
import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

Document = dict[str, Any]

CREDENTIALS = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
STATUSES = 131_072


@dataclass(frozen=True)
class Issuer:
    """The channel that awards: its decentralised identifier, its name, its page."""

    did: str
    name: str
    url: str


@dataclass(frozen=True)
class Award:
    """What is awarded to whom; `url` is the page of the certificate, `status` its place in that list."""

    url: str
    holder: str
    title: str
    criteria: str
    achievement_url: str
    issued_at: datetime
    expires_at: datetime | None
    status_list: str
    status: int


@dataclass(frozen=True)
class PublicKey:
    """One key of an issuer's history, newest or not; `number` counts from 1 and is never used again."""

    number: int
    multikey: str
    revoked_at: datetime | None = None


def credential(award: Award, issuer: Issuer) -> Document:
    """The credential of `award`, without a proof."""
    document: Document = {
        "@context": [CREDENTIALS, OPEN_BADGES],
        "id": f"{award.url}/credential.json",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": award.title,
        "issuer": {"id": issuer.did, "type": ["Profile"], "name": issuer.name, "url": issuer.url},
        "validFrom": instant(award.issued_at),
        "awardedDate": instant(award.issued_at),
        "credentialSubject": subject(award),
        "credentialStatus": status(award),
    }
    if award.expires_at:
        document["validUntil"] = instant(award.expires_at)
    return document


def subject(award: Award) -> Document:
    """The holder, by name, and what was achieved."""
    return {
        "type": ["AchievementSubject"],
        "identifier": [
            {"type": "IdentityObject", "hashed": False, "identityHash": award.holder, "identityType": "name"}
        ],
        "achievement": {
            "id": award.achievement_url,
            "type": ["Achievement"],
            "achievementType": "CertificateOfCompletion",
            "name": award.title,
            "description": award.title,
            "criteria": {"narrative": award.criteria},
        },
    }


def status(award: Award) -> Document:
    """Where a verifier looks whether the award still stands (W3C Bitstring Status List 1.0)."""
    return {
        "id": f"{award.status_list}#{award.status}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": str(award.status),
        "statusListCredential": award.status_list,
    }


def status_credential(url: str, issuer: Issuer, *, ended: Iterable[int], at: datetime) -> Document:
    """The list at `url` with the bits of `ended` set, without a proof; raises ValueError for a place beyond it."""
    return {
        "@context": [CREDENTIALS],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer.did,
        "validFrom": instant(at),
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": encode(ended),
        },
    }


def encode(ended: Iterable[int]) -> str:
    """The bits, the first one highest, gzipped and in multibase base64url; the same text for the same bits."""
    bits = bytearray(STATUSES // 8)
    for index in ended:
        if not 0 <= index < STATUSES:
            raise ValueError(f"A status list has {STATUSES} places; {index} is none of them")
        bits[index // 8] |= 0x80 >> index % 8
    return "u" + base64.urlsafe_b64encode(gzip.compress(bytes(bits), mtime=0)).decode().rstrip("=")


def did_of(channel_url: str) -> str:
    """The `did:web` of the channel whose page is at `channel_url`; its document is at `channel_url`/did.json."""
    parts = urlsplit(channel_url)
    path = [quote(part, safe="") for part in parts.path.split("/") if part]
    return ":".join(["did", "web", quote(parts.netloc, safe=""), *path])


def method(did: str, number: int) -> str:
    """The name under which the issuer's key `number` signs."""
    return f"{did}#key-{number}"


def did_document(did: str, keys: Sequence[PublicKey]) -> Document:
    """Who `did` is: every key it ever signed with, so that old credentials stay valid; revoked ones assert nothing."""
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "verificationMethod": [verification_method(did, key) for key in keys],
        "assertionMethod": [method(did, key.number) for key in keys if key.revoked_at is None],
    }


def verification_method(did: str, key: PublicKey) -> Document:
    """One key in the issuer's document."""
    written = {
        "id": method(did, key.number),
        "type": "Multikey",
        "controller": did,
        "publicKeyMultibase": key.multikey,
    }
    return {**written, "revoked": instant(key.revoked_at)} if key.revoked_at else written


def instant(moment: datetime) -> str:
    """`moment` as XML Schema writes it, in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
