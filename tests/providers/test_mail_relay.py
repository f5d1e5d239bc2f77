"""Mail by a relay: what its answers mean, whom it is sent to, and when it is left alone."""

import asyncio
from pathlib import Path

import pytest

from providers import Deferred, LeftAlone, ProviderDown, ProviderRefused, Unusable
from providers.mail import choose
from providers.mail.smtp import Smtp, parse_relay
from tests.providers.mailing import SENDER, mail, refusal
from tests.standins.certificates import make_certificate
from tests.standins.relay import Relay, relaying


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


@pytest.mark.parametrize(
    ("answers", "setting"),
    [({"greeting": "554 you are on a list"}, "MAIL"), ({"mail": "550 sender is not verified"}, "MAIL_FROM")],
)
async def test_a_relay_that_serves_nobody_like_us_names_the_setting_and_says_nothing_of_the_mail(
    answers: dict[str, str], setting: str, tmp_path: Path
) -> None:
    async with relaying(Relay(answers=answers)) as relay:
        mailer = choose(f"smtp://127.0.0.1:{relay.port}", SENDER, tmp_path)
        with pytest.raises(Unusable, match=rf"answered 55\d: .* Check {setting}: "):
            await mailer.send(mail())
        relay.answers = {}
        await mailer.send(mail())
        assert len(relay.letters) == 1
        await mailer.close()


async def test_a_relay_that_is_too_busy_to_greet_us_is_down(tmp_path: Path) -> None:
    async with relaying(Relay(answers={"greeting": "421 come again"})) as relay:
        mailer = choose(f"smtp://127.0.0.1:{relay.port}", SENDER, tmp_path)
        with pytest.raises(ProviderDown, match="answered 421"):
            await mailer.send(mail())
