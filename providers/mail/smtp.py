"""Mail by a relay (RFC 5321): `smtp://user:password@host:587` with STARTTLS, `smtps://…` with TLS at once."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from providers import ProviderDown, ProviderRefused
from providers.mail import Mail, Place
from providers.mail.letters import checked_address, compose

_SECONDS = 20.0
_ALONE = {"localhost", "127.0.0.1", "::1"}
_FORM = "MAIL should be like smtp://user:password@host:587, smtps://… for TLS from the start"


@dataclass(frozen=True, slots=True)
class Relay:
    """Where the relay is; `start_tls` True: always, False: never, None: when it offers."""

    host: str
    port: int
    user: str | None
    password: str | None = field(repr=False)
    tls: bool
    start_tls: bool | None
    authority: str | None


def open_mailer(setting: str, place: Place) -> "Smtp":
    """The mailer by the relay that the setting names."""
    checked_address(place.sender)
    return Smtp(parse_relay(setting), place.sender)


def parse_relay(setting: str) -> Relay:
    """The relay in the setting; `?starttls=never` and `?ca=file` are understood; ValueError with a sentence."""
    try:
        parts, port = urlsplit(setting), urlsplit(setting).port
    except ValueError as wrong:
        raise ValueError(f"{_FORM}; its host or port cannot be read.") from wrong
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if not parts.hostname or options.keys() - {"starttls", "ca"} or options.get("starttls") not in {None, "never"}:
        raise ValueError(f"{_FORM}; after a question mark, starttls=never or ca=file.")
    tls, user = parts.scheme == "smtps", unquote(parts.username) if parts.username else None
    start_tls = False if tls or "starttls" in options else True if user and parts.hostname not in _ALONE else None
    password = unquote(parts.password) if parts.password else None
    port = port or (465 if tls else 587 if user else 25)
    return Relay(parts.hostname, port, user, password, tls, start_tls, options.get("ca"))


class Smtp:
    """Mailer by a relay: one connection for each mail, at most twenty seconds for each step of it."""

    def __init__(self, relay: Relay, sender: str, seconds: float = _SECONDS) -> None:
        self._relay = relay
        self._sender = sender
        self._seconds = seconds

    async def send(self, mail: Mail) -> None:
        """Hand the mail to the relay; its 4xx is ProviderDown, its 5xx ProviderRefused `mail_refused`."""
        letter = compose(mail, self._sender)
        with self._explained():
            async with self._client() as client:
                await client.send_message(letter)

    async def probe(self) -> None:
        """Greet the relay and sign in, as for a mail."""
        with self._explained():
            async with self._client() as client:
                await client.noop()

    async def close(self) -> None:
        """Nothing to let go of."""

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What goes wrong with the relay, in our words."""
        try:
            yield
        except aiosmtplib.SMTPAuthenticationError as wrong:
            said = f"The mail relay does not accept the user or password in MAIL ({wrong.code})."
            raise ProviderRefused(said, "mail_sign_in") from wrong
        except aiosmtplib.SMTPRecipientsRefused as refused:
            raise _answered(refused.recipients[0]) from refused
        except aiosmtplib.SMTPResponseException as answer:
            raise _answered(answer) from answer
        except ssl.SSLError as wrong:
            said = f"The mail relay's certificate does not hold ({wrong.reason}). Check MAIL."
            raise ProviderDown(said) from wrong
        except (aiosmtplib.SMTPException, OSError) as trouble:
            said = f"The mail relay {self._relay.host}:{self._relay.port} cannot be reached: {type(trouble).__name__}."
            raise ProviderDown(said) from trouble

    def _client(self) -> aiosmtplib.SMTP:
        relay = self._relay
        return aiosmtplib.SMTP(
            hostname=relay.host,
            port=relay.port,
            username=relay.user,
            password=relay.password,
            use_tls=relay.tls,
            start_tls=relay.start_tls,
            cert_bundle=relay.authority,
            timeout=self._seconds,
        )


def _answered(answer: aiosmtplib.SMTPResponseException) -> ProviderDown | ProviderRefused:
    said = f"The mail relay answered {answer.code}: {ascii(answer.message)[:200]}."
    return ProviderDown(said) if 400 <= answer.code < 500 else ProviderRefused(said, "mail_refused")
