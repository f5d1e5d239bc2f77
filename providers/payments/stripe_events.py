"""Webhooks of Stripe: of snapshots (v1 events of connected accounts) and thin ones (v2 events of accounts)."""

import hmac
import time
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from providers import PayloadRefused, SignatureRefused
from providers.payments import BODY_LIMIT, AccountChanged, CheckoutChanged, PaymentChanged, PaymentEvent

TOLERANCE_SECONDS = 300
MOST_SIGNATURES = 10
PAYMENTS = ("charge.", "refund.", "payment_intent.")


def verify(secrets: Sequence[str], headers: Mapping[str, str], raw: bytes) -> None:
    """Pass when one of the secrets signed these bytes within five minutes of now, before or after.

    https://docs.stripe.com/webhooks#verify-manually. The library's own check takes any time in the future.
    """
    if len(raw) > BODY_LIMIT:
        raise PayloadRefused(f"A webhook has at most {BODY_LIMIT} bytes.", "too_large", 413)
    stated = next((value for name, value in headers.items() if name.lower() == "stripe-signature"), "")
    moment, signatures = _read(stated)
    if abs(time.time() - moment) > TOLERANCE_SECONDS:
        raise SignatureRefused("The webhook's time is more than 5 minutes off.")
    signed = b"%d." % moment + raw
    good = [hmac.new(secret.encode(), signed, sha256).hexdigest() for secret in secrets]
    if not any(hmac.compare_digest(known, given) for known in good for given in signatures):
        raise SignatureRefused("The signature does not hold. Check STRIPE_WEBHOOK_SECRET.")


def parse(raw: bytes) -> list[PaymentEvent]:
    """The event in our words; none for kinds that say nothing of checkouts, payments and accounts."""
    try:
        told = orjson.loads(raw)
        if told["object"] == "v2.core.event":
            return _thin(told)
        return _snapshot(told)
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise PayloadRefused("This is no event as Stripe sends it.") from wrong


def _read(stated: str) -> tuple[int, list[str]]:
    parts = [part.split("=", 1) for part in stated[:4000].split(",") if "=" in part]
    moments = [value for name, value in parts if name.strip() == "t"]
    signatures = [value for name, value in parts if name.strip() == "v1" and value.isascii()]
    if len(moments) != 1 or not (moments[0].isascii() and moments[0].isdecimal() and len(moments[0]) < 12):
        raise SignatureRefused("Send Stripe-Signature with t and v1.")
    return int(moments[0]), signatures[:MOST_SIGNATURES]


def _thin(told: Any) -> list[PaymentEvent]:
    related = told.get("related_object") or {}
    if told["type"].startswith("v2.core.account") and str(related.get("id", "")).startswith("acct_"):
        return [AccountChanged(str(told["id"]), told["type"], related["id"])]
    return []


def _snapshot(told: Any) -> list[PaymentEvent]:
    kind, found, account = told["type"], told["data"]["object"], str(told.get("account") or "")
    if not account:
        return []
    if kind.startswith("checkout.session."):
        facts = found.get("metadata") or {}
        if "order_id" not in facts or "channel_id" not in facts:
            return []
        ids = UUID(facts["channel_id"]), UUID(facts["order_id"])
        return [CheckoutChanged(str(told["id"]), kind, account, str(found["id"]), *ids)]
    payment = found.get("id") if kind.startswith("payment_intent.") else found.get("payment_intent")
    if kind.startswith(PAYMENTS) and payment:
        return [PaymentChanged(str(told["id"]), kind, account, str(payment))]
    return [AccountChanged(str(told["id"]), kind, account)] if kind == "account.updated" else []
