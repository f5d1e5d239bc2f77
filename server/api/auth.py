"""Identity over the API: sign-up, sign-in, refresh, sign-out, and who am I."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from server.bodies import Given
from server.context import AsPerson
from server.language import language_of
from server.limits import SIGN_IN_ADDRESS, SIGN_IN_PERSON, SIGN_UP, charge, charge_mailbox
from server.op import Answer, Auth, Route, op
from tenants import directory
from tenants.people import people, sessions, sign_in
from tenants.people.sessions import Pass
from tenants.people.sign_in import Known

TAGS = ("identity",)
Email = Annotated[str, Field(min_length=3, max_length=254, examples=["ana@guildhall.example"])]
Password = Annotated[str, Field(max_length=1000, examples=["a long enough sentence"])]
Token = Annotated[str, Field(min_length=16, max_length=512)]


class SignUp(Given):
    """A new person."""

    email: Email
    password: Password
    name: Annotated[str, Field(min_length=1, max_length=200, examples=["Ana"])]


class SignIn(Given):
    """The proof of being somebody."""

    email: Email
    password: Password


class Refresh(Given):
    """A refresh token, which works once."""

    refresh_token: Token


class PersonShown(BaseModel):
    """A person as they are shown to themselves."""

    id: UUID
    name: str


class SignedInShown(BaseModel):
    """Tokens, given once; the access token lives `expires_in` seconds."""

    person: PersonShown
    access_token: str
    expires_in: int
    refresh_token: str


class ConfirmShown(BaseModel):
    """What happens next when addresses are confirmed by mail."""

    detail: str


class ChannelNamed(BaseModel):
    """A channel by its names."""

    id: UUID
    slug: str
    name: str


class MembershipShown(BaseModel):
    """What the person is in one channel."""

    channel: ChannelNamed
    role: str


class MeShown(BaseModel):
    """The person and all their channels."""

    person: PersonShown
    memberships: list[MembershipShown]


@op(
    "Make a person and sign them in",
    status=201,
    also=(202,),
    errors=(403, 409),
    tags=TAGS,
    auth=Auth.NONE,
    limits=(SIGN_UP,),
)
async def sign_up(context: AsPerson, *, body: SignUp) -> Answer[SignedInShown | ConfirmShown]:
    """409 `email_taken` when the address has its person, who then gets a mail; 202 where addresses are confirmed."""
    house = context.house
    await charge_mailbox(context.request, house.sign_up, body.email)
    known = await sign_in.sign_up(
        house.tenancy, house.passwords, body.email, body.password, body.name,
        policy=house.sign_up, language=language_of(context.request),
    )  # fmt: skip
    if known is None:
        return Answer(ConfirmShown(detail="Look into your mail: a link there completes the sign-up."), 202)
    return Answer(await _open(context, known, "signed up"), 201)


@op("Sign in by e-mail and password", errors=(401,), tags=TAGS, auth=Auth.NONE, limits=(SIGN_IN_ADDRESS,))
async def sign_in_by_password(context: AsPerson, *, body: SignIn) -> SignedInShown:
    """The same 401 for an unknown e-mail and a wrong password, in the same time; 429 while the e-mail is paused."""
    house = context.house
    await charge(context.request, SIGN_IN_PERSON, body.email.strip().casefold())
    known = await sign_in.sign_in(
        house.tenancy, house.passwords, body.email, body.password, context.device, policy=house.sign_up
    )
    return await _open(context, known, None)


@op("Trade a refresh token for the next pair", errors=(401,), tags=TAGS, auth=Auth.NONE, limits=(SIGN_IN_ADDRESS,))
async def refresh(context: AsPerson, *, body: Refresh) -> SignedInShown:
    """The old token is dead afterwards; a dead one used again ends its session with every token of it."""
    person_id, name, given = await sessions.refresh(context.tenancy, body.refresh_token, context.house.lives)
    return _shown(Known(person_id, name), given)


@op("Sign out this session", tags=TAGS)
async def sign_out(context: AsPerson) -> None:
    """Ends the session of the token with every token of it, at every host of the browser; its sockets end too."""
    signed_in = context.signed_in or context.person
    async with context.tenancy.person(signed_in.person_id) as scope:
        await sessions.end_family(scope, signed_in.session_id)


@op("Who I am, and where", tags=TAGS)
async def me(context: AsPerson) -> MeShown:
    """The person signed in, with each channel they belong to."""
    person = context.person
    rows = await directory.memberships_of(context.tenancy, person.person_id)
    return MeShown(
        person=PersonShown(id=person.person_id, name=person.name),
        memberships=[
            MembershipShown(channel=ChannelNamed(id=row["id"], slug=row["slug"], name=row["name"]), role=row["role"])
            for row in rows
        ],
    )


ROUTES = (
    Route("POST", "/auth/sign-up", sign_up),
    Route("POST", "/auth/sign-in", sign_in_by_password),
    Route("POST", "/auth/refresh", refresh),
    Route("POST", "/auth/sign-out", sign_out),
    Route("GET", "/me", me),
)


async def _open(context: AsPerson, known: Known, outcome: str | None) -> SignedInShown:
    async with context.tenancy.person(known.id) as scope:
        if known.password_hash:
            await people.hold(scope, known.password_hash)
        if outcome:
            await sign_in.note_sign_in(scope, outcome, context.device)
        given = await sessions.open_api(scope, context.device, context.house.lives)
    return _shown(known, given)


def _shown(known: Known, given: Pass) -> SignedInShown:
    return SignedInShown(
        person=PersonShown(id=known.id, name=known.name),
        access_token=given.access,
        expires_in=given.expires_in,
        refresh_token=given.refresh,
    )
