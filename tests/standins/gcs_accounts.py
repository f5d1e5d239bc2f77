"""A service account, and how Google checks what it signs: V4 links and sign-ins, written from its documents alone."""

import hashlib
import json
import time
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import google.auth.jwt
from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

EMAIL = "files@standin.iam.gserviceaccount.com"
TOKEN = "ya29.standin"
KEY = rsa.generate_private_key(65537, 2048)


def check_assertion(key: rsa.RSAPublicKey, assertion: str) -> None:
    """ValueError unless the sign-in is signed by the account's key."""
    pem = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    decode: Any = google.auth.jwt.decode
    decode(assertion, certs=pem.decode())


def check_link(key: rsa.RSAPublicKey, request: web.Request) -> tuple[int, str] | None:
    """What Google answers to a link that it does not take; None for a good one."""
    path, _, raw = request.raw_path.partition("?")
    pairs = [pair for pair in raw.split("&") if not pair.startswith("X-Goog-Signature=")]
    stamp, scope = request.query["X-Goog-Date"], request.query["X-Goog-Credential"].partition("/")[2]
    asked = "\n".join(("GET", path, "&".join(sorted(pairs)), f"host:{request.host}", "", "host", "UNSIGNED-PAYLOAD"))
    text = "\n".join(("GOOG4-RSA-SHA256", stamp, scope, hashlib.sha256(asked.encode()).hexdigest()))
    try:
        signature = bytes.fromhex(request.query["X-Goog-Signature"])
        key.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return 403, "<Code>SignatureDoesNotMatch</Code>"
    begun = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    if not begun <= time.time() < begun + int(request.query["X-Goog-Expires"]):
        return 400, "<Code>ExpiredToken</Code>"
    return None


def sign_blob(key: rsa.RSAPrivateKey, asked: dict[str, Any]) -> dict[str, str]:
    """IAM's answer to signBlob."""
    signature = key.sign(b64decode(asked["payload"]), padding.PKCS1v15(), hashes.SHA256())
    return {"keyId": "google-managed", "signedBlob": b64encode(signature).decode()}


def key_file(folder: Path, url: str) -> Path:
    """The service account's key file, as the console hands it out, whose sign-in is at the stand-in."""
    pem = KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    file = folder / "account.json"
    fields = {
        "type": "service_account", "project_id": "standin", "private_key_id": "k1", "private_key": pem,
        "client_email": EMAIL, "client_id": "1", "token_uri": f"{url}/token",
    }  # fmt: skip
    file.write_text(json.dumps(fields))
    return file
