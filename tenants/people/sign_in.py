"""Sign-up and sign-in by e-mail and password: no answer, and no delay, tells whether an address has a person."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from math import ceil

from sqlalchemy import Column, ForeignKey, Uuid, insert, select

from tenants.errors import Conflict, Forbidden, Refusal, SignInNeeded, TooFast
from tenants.ids import PersonId, new_id
from tenants.jobs import SendMail
from tenants.people import people
from tenants.people.passwords import Passwords, outdated
from tenants.people.sessions import Device
from tenants.scope import PersonScope, Record, Tenancy
from tenants.statements import PERSON, Lookup, personal
from tenants.tables import binds, instant, shared, text

SIGN_INS = shared(
    "sign_ins",
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    Column("id", Uuid, primary_key=True),
    instant("at", now=True),
    text("outcome"),
    text("agent", default=""),
    text("address", default=""),
)
FAILURES, PAUSE_MINUTES = 5, 10
BY_INVITATION = "New accounts here are made by those who were invited. Ask the person whose channel you want to join."
_TOLD = {"confirm": "confirm", "invite": "invitation"}

_BY_EMAIL = Lookup("select * from person_by_email($1)", ("email_key",), {})
_STANDING = Lookup("select * from sign_in_standing($1)", ("hash",), {})
_FAILED = Lookup("select * from sign_in_failed($1)", ("hash",), {})
_SUCCEEDED = Lookup("select sign_in_succeeded($1)", ("hash",), {})
_NOTE = personal(insert(SIGN_INS).values(person_id=PERSON, **binds("id", "outcome", "agent", "address")))
_HISTORY = personal(
    select(SIGN_INS.c.at, SIGN_INS.c.outcome, SIGN_INS.c.agent, SIGN_INS.c.address)
    .where(SIGN_INS.c.person_id == PERSON)
    .order_by(SIGN_INS.c.at.desc())
    .limit(50)
)


@dataclass(frozen=True, slots=True)
class Known:
    """A person who has proved to be one; `password_hash` is what they proved it by, None for a link."""

    id: PersonId
    name: str
    password_hash: str | None = field(default=None, repr=False, compare=False)


async def sign_up(
    tenancy: Tenancy, passwords: Passwords, email: str, password: str | None, name: str, *,
    policy: str = "open", language: str = "en",
) -> Known | None:  # fmt: skip
    """A new person; None under the policy `confirm`, where a mail tells the rest, whether the address is taken or not.

    Conflict `email_taken` under `open`, and its owner gets a mail; Forbidden under `invite`. The password may be left
    for later under `confirm`, where the link in the mail sets it. Mails speak `language`.
    """
    if policy == "invite":
        raise Forbidden(BY_INVITATION, "invitation_needed")
    email, name = people.clean_email(email), people.clean_name(name)
    hashed = None if password is None and policy == "confirm" else await passwords.hash(password or "")
    async with tenancy.person(PersonId(new_id())) as scope:
        person_id = await people.add(scope, email, name, hashed, language)
        if person_id and policy == "confirm":
            scope.enqueue(SendMail("confirm", person_id, language=language))
    if person_id is None:
        await _tell_owner(tenancy, email, policy, language)
    if policy == "confirm":
        return None
    if person_id is None:
        raise Conflict("This e-mail has an account already. Sign in, or ask for a link by mail.", "email_taken")
    return Known(person_id, name, hashed)


async def invite(tenancy: Tenancy, email: str, name: str, *, language: str = "en") -> None:
    """Mail an invitation to an address: a link that sets a password, whatever the policy of sign-up.

    Who has an account that is confirmed gets a mail that says so; whoever invites cannot tell.
    """
    email, name = people.clean_email(email), people.clean_name(name)
    async with tenancy.person(PersonId(new_id())) as scope:
        person_id = await people.add(scope, email, name, None, language)
        if person_id:
            scope.enqueue(SendMail("invitation", person_id, language=language))
    if person_id is None:
        await _tell_owner(tenancy, email, "invite", language)


async def sign_in(
    tenancy: Tenancy, passwords: Passwords, email: str, password: str, device: Device, *, policy: str = "open"
) -> Known:
    """The person of an e-mail and password; one hash is made whoever asks.

    SignInNeeded for a wrong pair, with the tries left; TooFast while the address is paused, right password or not.
    Under the policy `confirm` a person who has not confirmed the address is unknown; a link by mail makes them known.
    """
    found = await _matched(tenancy, passwords, email, password, device)
    if found["closed_at"] is not None or (policy == "confirm" and found["confirmed_at"] is None):
        raise _refusal(await tenancy.look_up(_FAILED, hash=_marker(people.email_key(email.strip()))))
    await tenancy.look_up(_SUCCEEDED, hash=_marker(people.email_key(email.strip())))
    kept = found["password_hash"]
    async with tenancy.person(PersonId(found["id"])) as scope:
        await _note_in(scope, "signed in", device)
        if outdated(kept):
            await people.hold(scope, kept)
            kept = await passwords.hash(password)
            await people.set_password(scope, kept)
    return Known(PersonId(found["id"]), found["name"], kept)


async def check_password(tenancy: Tenancy, passwords: Passwords, email: str, password: str, device: Device) -> None:
    """Pass when the password is the one of the address; refused, counted and paused as `sign_in` is."""
    await _matched(tenancy, passwords, email, password, device)
    await tenancy.look_up(_SUCCEEDED, hash=_marker(people.email_key(email)))


async def find(tenancy: Tenancy, email: str) -> Known | None:
    """The person of an address, for mails to that address only; never told to whoever asks."""
    row = await _by_email(tenancy, people.email_key(email.strip()))
    return Known(PersonId(row["id"]), row["name"]) if row and row["closed_at"] is None else None


async def note_sign_in(scope: PersonScope, outcome: str, device: Device) -> None:
    """Add a line to the person's login history."""
    await _note_in(scope, outcome, device)


async def history(scope: PersonScope) -> list[Record]:
    """The last 50 sign-ins and failed tries: `at, outcome, agent, address`."""
    return await scope.all(_HISTORY)


async def _matched(tenancy: Tenancy, passwords: Passwords, email: str, password: str, device: Device) -> Record:
    key = people.email_key(email.strip())
    marker = _marker(key)
    await _check_pause(tenancy, marker)
    found = await _by_email(tenancy, key)
    right = await passwords.verify(found["password_hash"] if found else None, password)
    if not right or found is None:
        await _note(tenancy, found, "wrong password", device)
        raise _refusal(await tenancy.look_up(_FAILED, hash=marker))
    return found


def _marker(key: str) -> bytes:
    return sha256(key.encode("utf-8", "surrogatepass")).digest()


async def _by_email(tenancy: Tenancy, key: str) -> Record | None:
    if "\0" in key:
        return None
    rows = await tenancy.look_up(_BY_EMAIL, email_key=key.encode("utf-8", "replace").decode())
    return rows[0] if rows else None


async def _check_pause(tenancy: Tenancy, marker: bytes) -> None:
    rows = await tenancy.look_up(_STANDING, hash=marker)
    if rows and rows[0]["paused_until"]:
        raise _paused(rows[0]["paused_until"])


def _paused(until: datetime) -> TooFast:
    seconds = max(1, ceil((until - datetime.now(UTC)).total_seconds()))
    minutes = ceil(seconds / 60)
    words = f"Too many wrong tries for this e-mail. It is paused for {minutes} more minute{'s' * (minutes > 1)}."
    return TooFast(seconds, words, "sign_in_paused")


def _refusal(standing: list[Record]) -> Refusal:
    """The same for an unknown address and a wrong password."""
    if standing[0]["paused_until"]:
        left = f"That was the last try: this e-mail now has a {PAUSE_MINUTES} minute pause."
    else:
        tries = FAILURES - standing[0]["failures"]
        left = f"{tries} {'try' if tries == 1 else 'tries'} left, then a {PAUSE_MINUTES} minute pause."
    return SignInNeeded(f"That e-mail and password do not go together. {left}", "wrong_credentials")


async def _note(tenancy: Tenancy, found: Record | None, outcome: str, device: Device) -> None:
    if found is not None:
        async with tenancy.person(PersonId(found["id"])) as scope:
            await _note_in(scope, outcome, device)


async def _note_in(scope: PersonScope, outcome: str, device: Device) -> None:
    await scope.run(_NOTE, id=new_id(), outcome=outcome, agent=device.agent[:300], address=device.address)


async def _tell_owner(tenancy: Tenancy, email: str, policy: str, language: str) -> None:
    """Who never confirmed the address is sent what a new person would be, so that its owner gets in for all that."""
    row = await _by_email(tenancy, people.email_key(email))
    if row is None or row["closed_at"] is not None:
        return
    template = _TOLD.get(policy, "email_taken") if row["confirmed_at"] is None else "email_taken"
    async with tenancy.person(PersonId(row["id"])) as scope:
        scope.enqueue(SendMail(template, PersonId(row["id"]), language=language))
