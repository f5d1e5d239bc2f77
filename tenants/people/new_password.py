"""A new password: by a link in a mail, or by whoever is signed in and knows the present one; other devices go."""

from tenants.directory import SignedIn
from tenants.errors import Forbidden
from tenants.ids import PersonId
from tenants.jobs import SendMail
from tenants.people import mailed_links, people, sessions, sign_in
from tenants.people.mailed_links import LinkSecrets
from tenants.people.passwords import Passwords
from tenants.people.sessions import Device
from tenants.people.sign_in import Known
from tenants.scope import PersonScope, Tenancy

ENDED = "the password was changed"


async def by_link(tenancy: Tenancy, secrets: LinkSecrets, passwords: Passwords, token: str, password: str) -> Known:
    """The person of a link, with their new password and no session left; the link is used up only by a good password.

    Refusal 410 when the link is no good, Invalid for a password that is too short or too long.
    """
    person_id = mailed_links.named_by(secrets, token)
    hashed = await passwords.hash(password)
    async with tenancy.person(person_id) as scope:
        proof = await mailed_links.use_in(scope, secrets, token)
        await sessions.end_all(scope, ENDED)
        await _keep(scope, hashed)
    return Known(person_id, proof.known.name, hashed)


async def while_signed_in(
    tenancy: Tenancy, passwords: Passwords, reader: SignedIn, present: str, password: str, device: Device
) -> None:
    """Change the reader's password and sign out their other devices.

    It takes the present password, refused and counted as a sign-in is, or a session begun by a link just now;
    Forbidden `proof_needed` for one who has neither.
    """
    async with tenancy.person(reader.person_id, readonly=True) as scope:
        fresh, kept = await sessions.is_fresh(scope, reader.session_id), await people.password(scope)
    if not fresh:
        if kept["password_hash"] is None:
            raise Forbidden("Ask for a link by mail first: it proves that you are you.", "proof_needed")
        await sign_in.check_password(tenancy, passwords, kept["email"], present, device)
    hashed = await passwords.hash(password)
    async with tenancy.person(reader.person_id) as scope:
        if not fresh:
            await people.hold(scope, kept["password_hash"])
        await sessions.end_others(scope, reader.session_id, ENDED)
        await _keep(scope, hashed)


async def _keep(scope: PersonScope, hashed: str) -> None:
    await people.set_password(scope, hashed)
    scope.enqueue(SendMail("password_changed", PersonId(scope.person_id)))
