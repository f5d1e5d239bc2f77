"""People: the table of identities, what an e-mail and a name may be, and what a person may change."""

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import Column, Text, Uuid, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from tenants.errors import Invalid, Said, SignInNeeded
from tenants.ids import PersonId
from tenants.scope import PersonScope, Record
from tenants.statements import PERSON, personal
from tenants.tables import binds, instant, shared, text
from tenants.texts import clean_line

PEOPLE = shared(
    "people",
    Column("id", Uuid, primary_key=True),
    text("email"),
    text("email_key"),
    text("name"),
    Column("password_hash", Text),
    text("locale", default="en"),
    text("time_zone", default="UTC"),
    instant("confirmed_at"),
    instant("created_at", now=True),
    instant("closed_at"),
)
NAME_LENGTH = 80
EMAIL_LENGTH = 254
NO_EMAIL = "That is not an e-mail address. Write it as in name@example.org."

_ME = personal(
    select(PEOPLE.c.id, PEOPLE.c.email, PEOPLE.c.name, PEOPLE.c.confirmed_at, PEOPLE.c.created_at).where(
        PEOPLE.c.id == PERSON
    )
)
_ADD = personal(
    insert(PEOPLE)
    .values(id=PERSON, **binds("email", "email_key", "name", "password_hash", "locale"))
    .on_conflict_do_nothing(index_elements=["email_key"])
    .returning(PEOPLE.c.id)
)
_SET_PASSWORD = personal(update(PEOPLE).where(PEOPLE.c.id == PERSON).values(**binds("password_hash")))
_UNCONFIRMED = update(PEOPLE).where(PEOPLE.c.id == PERSON, PEOPLE.c.confirmed_at.is_(None))
_CONFIRM = personal(_UNCONFIRMED.values(confirmed_at=func.now()))
_PROVE = personal(_UNCONFIRMED.values(confirmed_at=func.now(), password_hash=None))
_PASSWORD = personal(select(PEOPLE.c.email, PEOPLE.c.password_hash).where(PEOPLE.c.id == PERSON))
_HELD = personal(
    select(PEOPLE.c.id)
    .where(PEOPLE.c.id == PERSON, PEOPLE.c.password_hash == bindparam("kept"), PEOPLE.c.closed_at.is_(None))
    .with_for_update(read=True)
)
_RENAME = personal(update(PEOPLE).where(PEOPLE.c.id == PERSON).values(name=bindparam("new_name")))


def clean_email(email: str) -> str:
    """The address in its normal form (RFC 5322, RFC 6531); Invalid with what is wrong about it."""
    if len(email) > EMAIL_LENGTH:
        raise Invalid.field(
            "/email", "too_long", Said("An e-mail address has at most %(most)s characters.", most=EMAIL_LENGTH)
        )
    try:
        return validate_email(email.strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        raise Invalid.field("/email", "not_an_email", NO_EMAIL) from None


def email_key(email: str) -> str:
    """What two spellings of one address have in common."""
    return email.casefold()


def clean_name(name: str) -> str:
    """A person's name on one line; Invalid when it is empty, too long, or holds control characters."""
    return clean_line(name, "/name", longest=NAME_LENGTH)


async def me(scope: PersonScope) -> Record:
    """The person: `id, email, name, confirmed_at, created_at`."""
    return await scope.one(_ME)


async def add(
    scope: PersonScope, email: str, name: str, password_hash: str | None, locale: str = "en"
) -> PersonId | None:
    """Make the scope's person, who reads that language; None when the e-mail has its person already."""
    values = {
        "email": email, "email_key": email_key(email), "name": name, "password_hash": password_hash, "locale": locale
    }  # fmt: skip
    return PersonId(scope.person_id) if await scope.first(_ADD, **values) else None


async def confirm(scope: PersonScope) -> None:
    """Note that the person reads the mail of their address, and keep what they have; for people whom we make."""
    await scope.run(_CONFIRM)


async def prove(scope: PersonScope) -> bool:
    """Note that the person reads the mail of their address; True the first time, when their password is voided.

    Whoever signed up with the address may not have been its owner, and may not keep a way in.
    """
    return bool(await scope.run(_PROVE))


async def password(scope: PersonScope) -> Record:
    """The person's `email` and `password_hash`; that is NULL for one who has none."""
    return await scope.one(_PASSWORD)


async def hold(scope: PersonScope, password_hash: str) -> None:
    """Keep the password as it is until this transaction ends; SignInNeeded when it has changed since it was checked."""
    if await scope.first(_HELD, kept=password_hash) is None:
        raise SignInNeeded("The password was changed at this very moment. Sign in with the new one.", "session_ended")


async def set_password(scope: PersonScope, password_hash: str) -> None:
    """Keep the hash of a password."""
    await scope.run(_SET_PASSWORD, password_hash=password_hash)


async def rename(scope: PersonScope, name: str) -> None:
    """Change the person's own name; names of members in channels are their own."""
    await scope.run(_RENAME, new_name=clean_name(name))
