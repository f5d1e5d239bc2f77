"""The contract of mailers, held by every adapter, with the far side of SMTP by aiosmtpd."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers import ProviderRefused
from tests.providers.mailing import ADAPTERS, SENDER, Box, by_folder, mail, refusal


@pytest.fixture(params=ADAPTERS)
async def box(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Box]:
    async with ADAPTERS[request.param](tmp_path) as box:
        yield box
        await box.mailer.close()


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


async def test_mails_sent_at_once_all_arrive(box: Box) -> None:
    await asyncio.gather(*(box.mailer.send(mail(subject=f"Number {n}")) for n in range(8)))
    assert sorted(str(letter["Subject"]) for letter in box.arrived()) == [f"Number {n}" for n in range(8)]


async def test_a_mail_sent_again_is_known_by_its_id(box: Box) -> None:
    for _ in range(2):
        await box.mailer.send(mail(message_id="welcome-1"))
    assert len({letter["Message-ID"] for letter in box.arrived()}) == 1


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
