"""What Stripe's settings must look like: a wrong one is seen at the start and not by the first buyer."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

_KEY = re.compile(r"(sk|rk)_(test|live)_[A-Za-z0-9_]{8,250}")
_WEBHOOK = re.compile(r"whsec_[A-Za-z0-9+/=_-]{16,250}")


def checked_key(key: str, base: str) -> str:
    """STRIPE_SECRET_KEY itself; ValueError when it is none, or a live one that would go out in the clear."""
    if not _KEY.fullmatch(key):
        raise ValueError("STRIPE_SECRET_KEY should be sk_live_…, sk_test_… or a restricted rk_… as Stripe shows it.")
    if "_live_" in key and not base.startswith("https:"):
        raise ValueError("STRIPE_API_BASE is plain http, where a live STRIPE_SECRET_KEY must not go: take https.")
    return key


def checked_webhook_secrets(stated: str) -> tuple[str, ...]:
    """The secrets in STRIPE_WEBHOOK_SECRET, separated by commas: one per endpoint, and both while one is changed."""
    found = tuple(part.strip() for part in stated.split(",") if part.strip())
    if not found or not all(_WEBHOOK.fullmatch(each) for each in found):
        raise ValueError(
            "STRIPE_WEBHOOK_SECRET should be whsec_… as Stripe shows it at the webhook's endpoint; "
            "those of several endpoints are separated by commas."
        )
    return found


def checked_base(url: str) -> str:
    """STRIPE_API_BASE without a slash at its end; ValueError for plain http to anywhere but this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not _is_here(parts.hostname or ""):
        raise ValueError("STRIPE_API_BASE should be an https:// address; plain http is for this machine alone.")
    return url.rstrip("/")


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
