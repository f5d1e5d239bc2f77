"""The far side of Stripe: the part of its API that we use, as documented, which can be told to misbehave."""

import asyncio
import hashlib
import hmac
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import orjson
from aiohttp import web

from tests.standins.serving import serving

KEY, WEBHOOK_SECRET = "sk_test_standin0123456789", "whsec_standin0123456789abcdef"
API_VERSION = "2026-10-28.endive"


@dataclass
class FarStripe:
    """Accounts and sessions by id; `away` cuts every call, `fails` is how many are answered 500 first.

    `lie` is answered in place of the truth; `returns` is where each account's owner is sent back to from onboarding.
    """

    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    kept: dict[tuple[str, str], tuple[str, int, Any]] = field(default_factory=dict)
    refunds: list[dict[str, str]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    returns: dict[str, str] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    key: str = KEY
    away: bool = False
    lost_answers: int = 0
    fails: int = 0
    seconds: float = 0.0
    lie: bytes | None = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One call of the API."""
        self.calls.append(f"{request.method} {request.path}")
        await asyncio.sleep(self.seconds)
        if self.away and request.transport is not None:
            request.transport.abort()
        if self.fails:
            self.fails -= 1
            return _error(500, "api_error", "", "Stripe is not well.")
        if self.lie is not None:
            return web.Response(body=self.lie, content_type="application/json")
        raw = await request.read()
        account = request.headers.get("Stripe-Account", "")
        if (refused := self._checked(request, account)) is not None:
            return refused
        key = request.headers.get("Idempotency-Key", "")
        known = self.kept.get((account, key)) if key and request.method == "POST" else None
        digest = hashlib.sha256(request.path.encode() + raw).hexdigest()
        if known and known[0] != digest:
            return _error(400, "idempotency_error", "", "Keys for idempotent requests can only be used once.")
        status, answer = known[1:] if known else await self._do(request, account, raw)
        if key and request.method == "POST" and status < 500:
            self.kept[account, key] = (digest, status, answer)
        if self.lost_answers and request.transport is not None:
            self.lost_answers -= 1
            request.transport.abort()
        return web.json_response(answer, status=status)

    def _checked(self, request: web.Request, account: str) -> web.Response | None:
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return _error(401, "invalid_request_error", "", "Invalid API Key provided")
        if request.headers.get("Stripe-Version") != API_VERSION:
            return _error(400, "invalid_request_error", "", "An API version nobody has pinned")
        if account and (account in self.revoked or account not in self.accounts):
            return _error(
                403, "invalid_request_error", "account_invalid", "The key does not have access to the account"
            )
        return None

    async def _do(self, request: web.Request, account: str, raw: bytes) -> tuple[int, Any]:  # noqa: PLR0911 - a table
        match (request.method, *request.path.strip("/").split("/")):
            case ("POST", "v2", "core", "accounts"):
                return self._open(orjson.loads(raw))
            case ("GET", "v2", "core", "accounts", id_):
                return (200, self.accounts[id_]) if id_ in self.accounts else _missing()
            case ("POST", "v2", "core", "account_links"):
                return self._lead_in(orjson.loads(raw))
            case ("POST", "v1", "checkout", "sessions"):
                return self._begin(account, {name: str(value) for name, value in (await request.post()).items()})
            case ("GET", "v1", "checkout", "sessions"):
                wanted = request.query["payment_intent"]
                found = [each for each in self._of(account) if each["payment_intent"] == wanted]
                return 200, {"object": "list", "data": found, "has_more": False}
            case ("GET", "v1", "checkout", "sessions", id_):
                return (200, self._shown(id_)) if self._has(account, id_) else _missing()
            case ("POST", "v1", "checkout", "sessions", id_, "expire"):
                return self._expire(account, id_)
            case ("GET", "v1", "payment_intents", id_):
                return (200, self.intents[id_]) if id_ in self.intents else _missing()
            case ("POST", "v1", "refunds"):
                return self._refund({name: str(value) for name, value in (await request.post()).items()})
            case ("GET", "v1", "balance"):
                return 200, {"object": "balance", "available": [], "pending": []}
        return 404, {"error": {"type": "invalid_request_error", "message": f"Unrecognized request URL {request.path}"}}

    def _open(self, given: dict[str, Any]) -> tuple[int, Any]:
        id_ = f"acct_{uuid4().hex[:16]}"
        payments = {"status": "restricted", "requested": True, "status_details": []}
        self.accounts[id_] = {
            "id": id_, "object": "v2.core.account", "display_name": given["display_name"],
            "configuration": {"merchant": {"capabilities": {"card_payments": payments}}},
            "requirements": {"entries": [{"description": "identity.individual.date_of_birth"}]},
        }  # fmt: skip
        assert given["defaults"]["responsibilities"] == {"fees_collector": "stripe", "losses_collector": "stripe"}
        return 200, self.accounts[id_]

    def _lead_in(self, given: dict[str, Any]) -> tuple[int, Any]:
        account = given["account"]
        self.returns[account] = given["use_case"]["account_onboarding"]["return_url"]
        return 200, {"object": "v2.core.account_link", "url": f"https://connect.stripe.com/setup/{account}"}

    def _begin(self, account: str, form: dict[str, str]) -> tuple[int, Any]:
        price = "line_items[0][price_data]"
        amount, now = int(form[f"{price}[unit_amount]"]), int(time.time())
        if amount < 50:
            return _said(400, "amount_too_small", "Amount must be at least 50 cents")
        if not now + 1700 <= int(form["expires_at"]) <= now + 86460:
            return _said(400, "", "The expires_at timestamp must be between 30 minutes and 24 hours from now.")
        id_ = f"cs_test_{uuid4().hex}"
        facts = {name[9:-1]: value for name, value in form.items() if name.startswith("metadata[")}
        self.sessions[id_] = {
            "id": id_, "object": "checkout.session", "account": account, "status": "open", "payment_status": "unpaid",
            "amount_total": amount, "currency": form[f"{price}[currency]"], "metadata": facts, "payment_intent": None,
            "url": f"https://checkout.stripe.com/c/pay/{id_}", "expires_at": int(form["expires_at"]),
            "fee": int(form.get("payment_intent_data[application_fee_amount]", 0)),
            "success_url": form["success_url"], "cancel_url": form["cancel_url"],
        }  # fmt: skip
        return 200, self.sessions[id_]

    def _expire(self, account: str, id_: str) -> tuple[int, Any]:
        if not self._has(account, id_):
            return _missing()
        if self.sessions[id_]["status"] != "open":
            return _said(400, "", 'Only Checkout Sessions with a status in ["open"] can be expired.')
        self.become(id_, "expired")
        return 200, self.sessions[id_]

    def _refund(self, form: dict[str, str]) -> tuple[int, Any]:
        intent, amount = self.intents[form["payment_intent"]], int(form["amount"])
        charge = intent["latest_charge"]
        if form.get("refund_application_fee") and not intent["application_fee_amount"]:
            return _said(400, "", "Can not refund an application fee that was never taken.")
        if charge["amount_refunded"] == charge["amount"]:
            return _said(400, "charge_already_refunded", "Charge has already been refunded.")
        if amount > charge["amount"] - charge["amount_refunded"]:
            return _said(400, "", "Refund amount is greater than unrefunded amount on charge.")
        charge["amount_refunded"] += amount
        self.refunds.append(form)
        session = next(each for each in self.sessions.values() if each["payment_intent"] == intent["id"])
        self._tell("charge.refunded", session["account"], {"id": charge["id"], "payment_intent": intent["id"]})
        return 200, {"id": f"re_{uuid4().hex}", "object": "refund", "amount": amount, "status": "succeeded"}

    def become(self, id_: str, state: str) -> None:
        """A session moves on: paid, processing, failed or expired; an event says so."""
        session, intent_id = self.sessions[id_], f"pi_{id_[8:]}"
        if state == "expired":
            session["status"] = "expired"
            return self._tell("checkout.session.expired", session["account"], session)
        charge = {"id": f"ch_{id_[8:]}", "amount": session["amount_total"], "amount_refunded": 0, "disputed": False}
        status = {"paid": "succeeded", "processing": "processing", "failed": "requires_payment_method"}[state]
        self.intents[intent_id] = {
            "id": intent_id, "object": "payment_intent", "status": status, "currency": session["currency"],
            "application_fee_amount": session["fee"] or None, "latest_charge": charge if state == "paid" else None,
        }  # fmt: skip
        before = session["status"]
        session |= {"status": "complete", "payment_intent": intent_id}
        session["payment_status"] = "paid" if state == "paid" else "unpaid"
        slow = {"paid": "async_payment_succeeded", "failed": "async_payment_failed"}
        kind = "completed" if before == "open" else slow[state]
        return self._tell(f"checkout.session.{kind}", session["account"], session)

    def make_ready(self, account: str) -> None:
        """The creator has told Stripe all; a thin event says that the account has changed."""
        found = self.accounts[account]
        found["configuration"]["merchant"]["capabilities"]["card_payments"]["status"] = "active"
        found["requirements"]["entries"] = []
        kind = "v2.core.account[configuration.merchant].capability_status_updated"
        related = {"id": account, "type": "v2.core.account", "url": f"/v2/core/accounts/{account}"}
        self.events.append(
            {"id": f"evt_{uuid4().hex}", "object": "v2.core.event", "type": kind, "related_object": related}
        )

    def _tell(self, kind: str, account: str, found: dict[str, Any]) -> None:
        event = {"id": f"evt_{uuid4().hex}", "object": "event", "type": kind, "account": account}
        self.events.append(event | {"data": {"object": dict(found)}})

    def _shown(self, id_: str) -> dict[str, Any]:
        session = self.sessions[id_]
        return session | {"payment_intent": self.intents.get(session["payment_intent"] or "")}

    def _of(self, account: str) -> list[dict[str, Any]]:
        return [each for each in self.sessions.values() if each["account"] == account]

    def _has(self, account: str, id_: str) -> bool:
        return id_ in self.sessions and self.sessions[id_]["account"] == account


def sign(raw: bytes, secret: str = WEBHOOK_SECRET, at: float | None = None) -> dict[str, str]:
    """The header that Stripe signs a webhook with."""
    moment = int(time.time() if at is None else at)
    mac = hmac.new(secret.encode(), b"%d." % moment + raw, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={moment},v1={mac},v0=old"}


def _missing() -> tuple[int, Any]:
    return _said(404, "resource_missing", "No such object")


def _said(status: int, code: str, message: str) -> tuple[int, Any]:
    return status, {"error": {"type": "invalid_request_error", "code": code or None, "message": message}}


def _error(status: int, kind: str, code: str, message: str) -> web.Response:
    error = {"type": kind, "code": code or None, "message": message}
    return web.json_response({"error": error}, status=status)


@asynccontextmanager
async def far_stripe(tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[FarStripe, str]]:
    """The stand-in and its address; with `tls` it is `localhost`, for names alone have certificates here."""
    far = FarStripe()
    async with serving([web.route("*", "/{rest:.*}", far.answer)], tls) as url:
        yield far, url.replace("127.0.0.1", "localhost") if tls else url
