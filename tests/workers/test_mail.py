"""Mails: written once per job, in every script, with links that work, and nothing a name could break."""

from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest

from providers import ProviderRefused
from providers.mail import Mail
from providers.mail.folder import Folder
from tenants import work
from tenants.certificates import certificates
from tenants.channels import channels
from tenants.ids import PersonId
from tenants.jobs import SendMail
from tenants.members import unsubscribes
from tenants.members.unsubscribes import Named, UnsubscribeSecrets
from tenants.people import bounces, mailed_links, people
from tenants.permissions import acting_system
from tenants.scope import Scope, Tenancy
from tests.databases import bare
from tests.tenants.school import make_course
from tests.workers.shop import make_shop
from tests.world import World
from workers import run
from workers.registry import Workshop


@pytest.fixture
def shop(tenancy: Tenancy, tmp_path: Path) -> Workshop:
    return make_shop(tenancy, tmp_path)


async def ask_as_person(shop: Workshop, person_id: PersonId, template: str, subject: UUID | None = None) -> work.Ticket:
    async with shop.tenancy.person(person_id) as person:
        return work.Ticket(None, person_id, person.enqueue(SendMail(template, person_id, subject)))


async def ask_in_channel(shop: Workshop, scope: Scope, to: UUID, template: str, subject: UUID | None) -> work.Ticket:
    return work.Ticket(scope.channel_id, None, scope.enqueue(SendMail(template, to, subject)))


async def do(shop: Workshop, ticket: work.Ticket) -> None:
    leased = await work.take(shop.tenancy, ticket)
    assert leased is not None
    await run.perform_leased(shop, leased)


def arrived(shop: Workshop, tmp_path: Path) -> list[EmailMessage]:
    return [message_from_bytes(path.read_bytes(), policy=default) for path in sorted(tmp_path.rglob("*.eml"))]


def the_link(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    text: str = body.get_content()
    return next(line for line in text.splitlines() if line.startswith("http"))


def token_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["token"][0]


async def test_a_magic_link_signs_in_once(shop: Workshop, world: World, tmp_path: Path) -> None:
    ana = world.pottery.ana
    await mailed_links.send(shop.tenancy, ana.email)
    async with bare(shop.tenancy.relay) as connection:
        job_id = await connection.fetchval("select id from person_jobs where person_id = $1", ana.person_id)
    await do(shop, work.Ticket(None, ana.person_id, job_id))
    (letter,) = arrived(shop, tmp_path)
    url = the_link(letter)
    assert (letter["To"], letter["Subject"]) == (ana.email, "Your sign-in link")
    assert url.startswith("http://127.0.0.1:8000/sign-in/link?token=")
    proof = await mailed_links.use(shop.tenancy, shop.links, token_of(url))
    assert proof.known.id == ana.person_id


async def test_a_mail_that_an_earlier_version_asked_for_is_written(
    shop: Workshop, world: World, tmp_path: Path
) -> None:
    ticket = await ask_as_person(shop, world.pottery.ana.person_id, "email_taken")
    async with bare(shop.tenancy.relay) as connection:
        await connection.execute("update person_jobs set payload = payload - 'language' where id = $1", ticket.job_id)
    await do(shop, ticket)
    (letter,) = arrived(shop, tmp_path)
    assert letter["Subject"] == "You have an account already"


async def test_an_owner_is_told_of_others_in_their_own_language(shop: Workshop, tmp_path: Path) -> None:
    eve = PersonId(uuid4())
    async with shop.tenancy.person(eve) as person:
        await people.add(person, f"{eve.hex}@guildhall.example", "Eve", None, "de")
        job_id = person.enqueue(SendMail("email_taken", eve, language="ar"))
    await do(shop, work.Ticket(None, eve, job_id))
    (letter,) = arrived(shop, tmp_path)
    assert letter["Subject"] == "Du hast schon ein Konto"


async def test_a_confirmation_tried_twice_is_one_mail_with_one_link(
    shop: Workshop, world: World, tmp_path: Path
) -> None:
    ana = world.pottery.ana
    ticket = await ask_as_person(shop, ana.person_id, "confirm")
    leased = await work.take(shop.tenancy, ticket)
    assert leased is not None
    for _ in range(2):
        await run._perform(shop, leased)
    (letter,) = arrived(shop, tmp_path)
    proof = await mailed_links.use(shop.tenancy, shop.links, token_of(the_link(letter)))
    assert proof.known.id == ana.person_id
    await run._perform(shop, leased)
    with pytest.raises(Exception, match="was used"):
        await mailed_links.use(shop.tenancy, shop.links, token_of(the_link(letter)))


async def test_who_owns_a_taken_address_is_told(shop: Workshop, world: World, tmp_path: Path) -> None:
    await do(shop, await ask_as_person(shop, world.nobody.person_id, "email_taken"))
    (letter,) = arrived(shop, tmp_path)
    assert (letter["Subject"], the_link(letter)) == ("You have an account already", "http://127.0.0.1:8000/sign-in")


async def test_channels_write_in_their_own_name_and_colour(shop: Workshop, world: World, tmp_path: Path) -> None:
    school = world.pottery
    course = await make_course(shop.tenancy, school, school.ben)
    async with shop.tenancy.scope(school.id, school.ana.actor) as scope:
        award = await certificates.issue(scope, school.sam.member_id, course.id)
        await channels.edit(scope, {"brand": {"colour": "#b4532a"}})
    async with shop.tenancy.scope(school.id, acting_system("test")) as scope:
        tickets = [
            await ask_in_channel(shop, scope, school.sam.person_id, "welcome", None),
            await ask_in_channel(shop, scope, school.sam.person_id, "recording_ready", course.film),
            await ask_in_channel(shop, scope, school.sam.person_id, "certificate_ready", award.id),
        ]
    for ticket in tickets:
        await do(shop, ticket)
    found = {letter["Subject"]: letter for letter in arrived(shop, tmp_path)}
    assert set(found) == {"Welcome to Pottery", "New recording: Centring", "Your certificate: Your first bowl"}
    assert the_link(found["Your certificate: Your first bowl"]).endswith(f"/verify/{award.code}")
    assert the_link(found["Welcome to Pottery"]) == f"http://127.0.0.1:8000/c/{school.slug}"
    assert the_link(found["New recording: Centring"]).endswith(f"/learn/first-bowl/{course.film}")
    html = found["Welcome to Pottery"].get_body(("html",))
    assert html is not None
    assert "#b4532a" in html.get_content()


@pytest.mark.parametrize(
    ("template", "subject", "words"),
    [("nonsense", None, "no mail by the name"), ("magic_link", None, "without what it speaks of")],
)
async def test_a_mail_that_cannot_be_written_fails_with_its_reason(
    shop: Workshop, world: World, tmp_path: Path, template: str, subject: UUID | None, words: str
) -> None:
    ticket = await ask_as_person(shop, world.nobody.person_id, template, subject)
    await do(shop, ticket)
    async with bare(shop.tenancy.relay) as connection:
        row = await connection.fetchrow("select state, error from person_jobs where id = $1", ticket.job_id)
        await connection.execute("delete from person_jobs where id = $1", ticket.job_id)
    assert row
    assert row["state"] == "failed"
    assert words in row["error"]
    assert arrived(shop, tmp_path) == []


async def test_another_channel_s_subject_is_not_found(shop: Workshop, world: World, tmp_path: Path) -> None:
    course = await make_course(shop.tenancy, world.pottery, world.pottery.ben)
    async with shop.tenancy.scope(world.chess.id, acting_system("test")) as scope:
        ticket = await ask_in_channel(shop, scope, world.chess.eve.person_id, "recording_ready", course.film)
    await do(shop, ticket)
    assert arrived(shop, tmp_path) == []


async def test_a_person_who_has_gone_gets_no_mail(shop: Workshop, tmp_path: Path) -> None:
    gone = PersonId(uuid4())
    async with shop.tenancy.person(gone) as person:
        await people.add(person, f"{gone.hex}@guildhall.example", "Gone", None)
    ticket = await ask_as_person(shop, gone, "email_taken")
    async with bare(shop.tenancy.app, person_id=gone) as connection:
        await connection.execute("update people set closed_at = now() where id = $1", gone)
    await do(shop, ticket)
    assert arrived(shop, tmp_path) == []


class Refusing(Folder):
    """A mailer that refuses an address until it is told otherwise."""

    full = True

    async def send(self, mail: Mail) -> None:
        if self.full:
            raise ProviderRefused("The mail relay answered 550: 'no such user'.", "address_refused")
        await super().send(mail)


async def test_an_address_that_refuses_mail_is_left_alone_until_it_takes_some_again(
    shop: Workshop, world: World, tmp_path: Path
) -> None:
    school, sam = world.pottery, world.pottery.sam
    mailer = Refusing(tmp_path / "mail", "house@guildhall.example")
    shop = replace(shop, mailer=mailer)

    async def mail_him(template: str = "welcome") -> None:
        async with shop.tenancy.scope(school.id, acting_system("test")) as scope:
            ticket = await ask_in_channel(shop, scope, sam.person_id, template, None)
        await do(shop, ticket)

    await mail_him()
    async with shop.tenancy.person(sam.person_id) as person:
        standing = await bounces.standing(person, sam.email)
        assert standing is not None
        assert "550" in standing["reason"]
        assert await bounces.standing(person, "another@guildhall.example") is None
    mailer.full = False
    await mail_him()
    assert arrived(shop, tmp_path) == []
    await do(shop, await ask_as_person(shop, sam.person_id, "confirm"))
    await mail_him()
    assert {letter["Subject"] for letter in arrived(shop, tmp_path)} == {
        "Confirm your e-mail address",
        "Welcome to Pottery",
    }


async def test_a_kind_of_mail_that_is_not_wanted_from_a_channel_is_not_sent(
    shop: Workshop, world: World, tmp_path: Path
) -> None:
    school, sam, zoe = world.pottery, world.pottery.sam, world.pottery.zoe
    course = await make_course(shop.tenancy, school, school.ben)
    async with shop.tenancy.scope(school.id, acting_system("test")) as scope:
        await unsubscribes.put(scope, sam.person_id, "recording_ready", on=True)
        tickets = [
            await ask_in_channel(shop, scope, person.person_id, "recording_ready", course.film) for person in (sam, zoe)
        ]
    for ticket in tickets:
        await do(shop, ticket)
    (letter,) = arrived(shop, tmp_path)
    assert letter["To"] == zoe.email
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = letter["List-Unsubscribe"].strip("<>")
    named = UnsubscribeSecrets(shop.secret).read(url.rpartition("/")[2])
    assert named == Named(school.id, zoe.person_id, "recording_ready")
    body = letter.get_body(("plain",))
    assert body is not None
    assert url in body.get_content()
