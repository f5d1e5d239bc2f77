"""The contract of mailers, held by every adapter, with the far side of SMTP by aiosmtpd."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers import Deferred, LeftAlone, ProviderDown, ProviderRefused
from providers.mail import Mail, Mailer, choose
from providers.mail.folder import Folder
from providers.mail.smtp import Smtp, parse_relay
from tests.standins.certificates import make_certificate
from tests.standins.relay import Relay, relaying

SENDER = "Guildhall <noreply@guildhall.example>"


@dataclass(frozen=True)
class Box:
    """A mailer and what has arrived at its far side."""

    mailer: Mailer
    arrived: Callable[[], list[EmailMessage]]


@asynccontextmanager
async def by_folder(tmp_path: Path) -> AsyncIterator[Box]:
    def arrived() -> list[EmailMessage]:
        return [message_from_bytes(path.read_bytes(), policy=default) for path in (tmp_path / "mail").glob("*.eml")]

    yield Box(choose("folder:var/mail", SENDER, tmp_path), arrived)


@asynccontextmanager
async def by_smtp(tmp_path: Path) -> AsyncIterator[Box]:
    async with relaying() as relay:
        yield Box(choose(f"smtp://127.0.0.1:{relay.port}", SENDER, tmp_path), lambda: relay.letters)


ADAPTERS = {"folder": by_folder, "smtp": by_smtp}


@pytest.fixture(params=ADAPTERS)
async def box(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Box]:
    async with ADAPTERS[request.param](tmp_path) as box:
        yield box
        await box.mailer.close()


def mail(**parts: Any) -> Mail:
    usual = Mail("Zoë <zoe@guildhall.example>", "Willkommen, Zoë", "Guten Tag\n", uuid4().hex)
    return replace(usual, **parts)


async def refusal(doing: Awaitable[None]) -> ProviderRefused:
    with pytest.raises(ProviderRefused) as caught:
        await doing
    return caught.value


async def test_a_probe_passes_and_sends_nothing(box: Box) -> None:
    await box.mailer.probe()
    assert box.arrived() == []


async def test_a_mail_arrives_with_both_parts_and_our_headers(box: Box) -> None:
    sent = mail(
        html="<p>Guten Tag</p>",
        headers={"List-Unsubscribe": "<https://a.example/u>", "Auto-Submitted": "auto-generated"},
    )
    await box.mailer.send(sent)
    [letter] = box.arrived()
    assert (letter["To"], letter["From"], letter["Subject"]) == (
        "Zoë <zoe@guildhall.example>",
        SENDER,
        "Willkommen, Zoë",
    )
    assert letter["Message-ID"] == f"<{sent.message_id}@guildhall.example>"
    assert letter["List-Unsubscribe"] == "<https://a.example/u>"
    plain, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert plain
    assert html
    assert (plain.get_content().strip(), html.get_content().strip()) == ("Guten Tag", "<p>Guten Tag</p>")


async def test_a_mail_without_html_is_plain_text_in_any_script(box: Box) -> None:
    await box.mailer.send(mail(text="שלום 你好 🙂 " + "long " * 400 + "\n.\n..dots\n"))
    [letter] = box.arrived()
    assert letter.get_content_type() == "text/plain"
    assert letter.get_content().splitlines()[1:] == [".", "..dots"]


@pytest.mark.parametrize(
    "parts",
    [
        {"to": ""},
        {"to": "nobody"},
        {"to": "a@b\r\nBcc: c@d"},
        {"to": "a@b, c@d"},
        {"to": "a@b@c"},
        {"to": "x" * 400 + "@b"},
        {"subject": "a\nBcc: c@d"},
        {"subject": "a\0b"},
        {"subject": "\ud800"},
        {"subject": "x" * 301},
        {"subject": "a\u2028b"},
        {"text": "\udfff"},
        {"text": "x" * (1024 * 1024 + 1)},
        {"message_id": ""},
        {"message_id": "../x"},
        {"message_id": "a>\r\nX: y"},
        {"headers": {"Bcc": "c@d"}},
        {"headers": {"to": "c@d"}},
        {"headers": {"X: y\r\nBcc": "c@d"}},
        {"headers": {"X-A": "a\nBcc: c@d"}},
        {"headers": {"Content-Type": "text/html"}},
        {"headers": {"X-A": "x" * 1001}},
    ],
    ids=lambda parts: ascii(parts)[:40],
)
async def test_what_could_break_out_of_its_line_is_refused(box: Box, parts: dict[str, Any]) -> None:
    refused = await refusal(box.mailer.send(mail(**parts)))
    assert (refused.code, refused.message[-1]) == ("bad_mail", ".")
    assert box.arrived() == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(to=st.text(max_size=30), subject=st.text(max_size=30), value=st.text(max_size=30), text=st.text(max_size=60))
async def test_no_text_adds_a_recipient(tmp_path: Path, to: str, subject: str, value: str, text: str) -> None:
    async with by_folder(tmp_path) as box:
        sent = mail(to=f"{to} <zoe@guildhall.example>", subject=subject, text=text, headers={"X-A": value})
        assert await outcome(box.mailer.send(sent)) in {"sent", "bad_mail"}
        for letter in box.arrived():
            assert [name for name in letter if name in {"Bcc", "Cc"}] == []
            assert [each.addr_spec for each in letter["To"].addresses] == ["zoe@guildhall.example"]


async def outcome(sending: Awaitable[None]) -> str:
    try:
        await sending
    except ProviderRefused as refused:
        return refused.code
    return "sent"


async def test_the_folder_keeps_the_first_mail_of_an_id(tmp_path: Path) -> None:
    async with by_folder(tmp_path) as box:
        await box.mailer.send(mail(message_id="welcome-1", subject="first"))
        await box.mailer.send(mail(message_id="welcome-1", subject="second"))
        assert [letter["Subject"] for letter in box.arrived()] == ["first"]


async def test_the_viewer_lists_the_newest_first_and_reads_a_mail(tmp_path: Path) -> None:
    folder = Folder(tmp_path, SENDER)
    for number in range(5):
        await folder.send(mail(subject=f"mail {number}", html="<script>1</script>"))
    listed = await folder.letters(limit=2, skip=1)
    assert [summary.subject for summary in listed] == ["mail 3", "mail 2"]
    letter = await folder.letter(listed[0].id)
    assert letter
    assert (letter.text, letter.html) == ("Guten Tag\n", "<script>1</script>\n")
    assert ("To", "Zoë <zoe@guildhall.example>") in letter.headers


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "x", "a" * 32, "A" * 32, "a\0b"])
async def test_the_viewer_reads_nothing_outside_its_folder(tmp_path: Path, name: str) -> None:
    assert await Folder(tmp_path, SENDER).letter(name) is None


GARBAGE = [
    *(b"", b"\0\xff" * 999, b"To: =?x?b?!!?=\nSubject: =?utf-8?q?=ED=A0=80?=\n\nx", b"From: <<>>,;:@\nTo: \xff\n\nx"),
    *(b"Content-Type: text/plain; charset=nonsense\n\nx", b"Content-Type: multipart/mixed; boundary=x\n\n--x\n" * 50),
    *(
        b"Content-Type: multipart/alternative\n\nx",
        b"Content-Transfer-Encoding: base64\nContent-Type: text/html\n\n!!!",
    ),
    b"Date: never\nMessage-ID: [\nSubject: \xf0\x28\n\n",
]


@pytest.mark.parametrize("content", GARBAGE, ids=range(len(GARBAGE)))
async def test_the_viewer_survives_any_file_in_its_folder(tmp_path: Path, content: bytes) -> None:
    (tmp_path / f"{'a' * 32}.eml").write_bytes(content)
    (tmp_path / "stranger.eml").write_bytes(content)
    folder = Folder(tmp_path, SENDER)
    assert [summary.id for summary in await folder.letters()] == ["a" * 32]
    letter = await folder.letter("a" * 32)
    assert letter
    (letter.text + (letter.html or "") + letter.summary.subject).encode()


@pytest.mark.parametrize(("answer", "kind"), [("451 later", ProviderDown), ("550 nobody", ProviderRefused)])
@pytest.mark.parametrize("stage", ["rcpt", "data"])
async def test_a_relays_four_hundreds_may_be_tried_again_and_its_five_hundreds_not(
    answer: str, stage: str, kind: type[Exception], tmp_path: Path
) -> None:
    async with relaying(Relay(answers={stage: answer})) as relay:
        with pytest.raises(kind, match=f"answered {answer[:3]}: '{answer[4:]}'"):
            await choose(f"smtp://127.0.0.1:{relay.port}", SENDER, tmp_path).send(mail())
        assert relay.letters == []


async def test_mails_that_follow_one_another_share_a_connection(tmp_path: Path) -> None:
    async with relaying() as relay:
        mailer = choose(f"smtp://127.0.0.1:{relay.port}", SENDER, tmp_path)
        await asyncio.gather(*(mailer.send(mail()) for _ in range(5)))
        assert (relay.calls, len(relay.letters)) == (1, 5)
        relay.hang_up()
        await mailer.send(mail())
        assert (relay.calls, len(relay.letters)) == (2, 6)
        await mailer.close()


async def test_after_a_refusal_the_next_mail_goes(tmp_path: Path) -> None:
    async with relaying() as relay:
        mailer = choose(f"smtp://127.0.0.1:{relay.port}", SENDER, tmp_path)
        relay.answers["rcpt"] = "550 no such user"
        assert (await refusal(mailer.send(mail()))).code == "address_refused"
        relay.answers = {"data": "554 spam"}
        assert (await refusal(mailer.send(mail()))).code == "mail_refused"
        relay.answers = {}
        await mailer.send(mail())
        assert len(relay.letters) == 1
        await mailer.close()


async def test_a_relay_that_fails_again_and_again_is_left_alone(tmp_path: Path) -> None:
    async with relaying(Relay(answers={"data": "451 later"})) as relay:
        mailer = choose(f"smtp://127.0.0.1:{relay.port}", SENDER, tmp_path)
        for _ in range(3):
            with pytest.raises(ProviderDown, match="answered 451"):
                await mailer.send(mail())
        calls = relay.calls
        with pytest.raises(LeftAlone, match="left alone") as spared:
            await mailer.send(mail())
        assert relay.calls == calls
        assert 10 < (spared.value.retry_after or 0) <= 15


async def test_addresses_that_are_to_be_tried_later_hold_up_no_others(tmp_path: Path) -> None:
    async with relaying(Relay(answers={"rcpt": "450 greylisted"})) as relay:
        mailer = choose(f"smtp://127.0.0.1:{relay.port}", SENDER, tmp_path)
        for _ in range(5):
            with pytest.raises(Deferred, match="answered 450"):
                await mailer.send(mail())
        relay.answers = {}
        await mailer.send(mail())
        assert len(relay.letters) == 1
        await mailer.close()


async def test_an_absent_or_silent_relay_is_down(tmp_path: Path) -> None:
    async with relaying() as relay:
        port = relay.port
    with pytest.raises(ProviderDown, match="cannot be reached"):
        await choose(f"smtp://127.0.0.1:{port}", SENDER, tmp_path).send(mail())
    with pytest.raises(ProviderDown, match="cannot be reached"):
        await choose(f"smtp://127.0.0.1:{port}", SENDER, tmp_path).probe()
    async with relaying(Relay(silent=True)) as relay:
        silent = Smtp(parse_relay(f"smtp://127.0.0.1:{relay.port}"), SENDER, seconds=0.2)
        with pytest.raises(ProviderDown):
            await silent.send(mail())


async def test_a_password_goes_only_over_tls_and_only_to_the_relay_that_was_meant(tmp_path: Path) -> None:
    authority, context = make_certificate(tmp_path, "localhost")
    setting = "smtp://ana:s%40cret@localhost:{port}?ca={ca}"
    async with relaying(Relay(tls=context, user="ana", password="s@cret")) as relay:
        await choose(setting.format(port=relay.port, ca=authority), SENDER, tmp_path).send(mail())
        assert [letter["Subject"] for letter in relay.letters] == ["Willkommen, Zoë"]
        wrong = setting.format(port=relay.port, ca=authority).replace("s%40cret", "wrong")
        assert (await refusal(choose(wrong, SENDER, tmp_path).send(mail()))).code == "mail_sign_in"
        with pytest.raises(ProviderDown, match="certificate"):
            await choose(f"smtp://ana:x@localhost:{relay.port}", SENDER, tmp_path).send(mail())


async def test_a_password_is_never_offered_to_a_relay_without_tls(tmp_path: Path) -> None:
    assert parse_relay("smtp://ana:x@mail.example").start_tls is True
    assert parse_relay("smtp://mail.example").port == 25
    relay = parse_relay("smtps://ana:x@mail.example")
    assert (relay.port, relay.tls, relay.start_tls) == (465, True, False)
    assert "password" not in repr(relay)


SETTINGS = [
    *("", "folder", "folder:", "folder:\0", "post:box", "smtp://", "smtp://h:99999", "smtp://h?tls=no", "smtp://[::1"),
    "smtp:h",
]


@pytest.mark.parametrize("setting", SETTINGS, ids=ascii)
def test_a_wrong_setting_says_what_would_be_right(setting: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"folder:var/mail|smtp://"):
        choose(setting, SENDER, tmp_path)


def test_a_wrong_sender_is_refused_at_the_start(tmp_path: Path) -> None:
    for setting in ("folder:var/mail", "smtp://mail.example"):
        with pytest.raises(ValueError, match="mail address"):
            choose(setting, "nobody", tmp_path)
