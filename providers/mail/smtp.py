"""Mail by a relay (RFC 5321): `smtp://user:password@host:587` with STARTTLS, `smtps://…` with TLS at once."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from providers import Deferred, ProviderDown, ProviderRefused, Unusable, certificates
from providers.breaker import Breaker
from providers.mail import Mail, Place
from providers.mail.letters import checked_address, compose

_SECONDS = 20.0
_REST_SECONDS = 15.0  # people sit before their mailbox, and a try costs the relay one greeting
_FAREWELL_SECONDS = 2.0
_MOST_CARRIED, _LONGEST_IDLE = 100, 30.0
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
    """Mailer by a relay, over one connection that is kept while mails follow one another.

    Each step takes at most `seconds`; a relay that fails again and again is left alone for a while.
    """

    def __init__(self, relay: Relay, sender: str, seconds: float = _SECONDS) -> None:
        self._relay = relay
        self._sender = sender
        self._seconds = seconds
        self._breaker = Breaker("mail", slow=seconds, rest=_REST_SECONDS)
        self._line: aiosmtplib.SMTP | None = None
        self._carried = 0
        self._idle_since = 0.0
        self._one_at_a_time = asyncio.Lock()

    async def send(self, mail: Mail) -> None:
        """Hand the mail to the relay; its 4xx is ProviderDown, its 5xx ProviderRefused.

        `address_refused` is the relay's no to the address itself, `mail_refused` to the mail. An address for which it
        asks to come later (Deferred) says nothing of the others.
        """
        letter = compose(mail, self._sender)
        async with self._connected() as line:
            await line.send_message(letter)
            self._carried += 1

    async def probe(self) -> None:
        """Greet the relay and sign in, as for a mail."""
        async with self._connected() as line:
            await line.noop()

    async def close(self) -> None:
        """Take leave of the relay."""
        async with self._one_at_a_time:
            await self._hang_up()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """The line to the relay, to oneself; what goes wrong on it ends it, so the next mail gets a new one."""
        async with self._one_at_a_time:
            with self._breaker.call(), self._explained():
                try:
                    yield await self._lifted()
                except BaseException:
                    await self._hang_up()
                    raise
                self._idle_since = time.monotonic()

    async def _lifted(self) -> aiosmtplib.SMTP:
        """The kept line when it is still good, else a new one."""
        line = self._line
        if line is not None:
            waited = time.monotonic() - self._idle_since
            if self._carried < _MOST_CARRIED and waited < _LONGEST_IDLE and await _answers(line):
                return line
            await self._hang_up()
        line = self._client()
        await line.connect()
        self._line, self._carried = line, 0
        return line

    async def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is None:
            return
        try:
            await line.quit(timeout=_FAREWELL_SECONDS)
        except (aiosmtplib.SMTPException, OSError):
            line.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What goes wrong with the relay, in our words."""
        try:
            yield
        except aiosmtplib.SMTPAuthenticationError as wrong:
            said = f"The mail relay does not accept the user or password in MAIL ({wrong.code})."
            raise Unusable(said, "mail_sign_in") from wrong
        except aiosmtplib.SMTPSenderRefused as refused:
            raise _closed(refused, "MAIL_FROM: it does not take mail from this sender") from refused
        except (aiosmtplib.SMTPConnectResponseError, aiosmtplib.SMTPHeloError) as refused:
            raise _closed(refused, "MAIL: it does not serve us") from refused
        except aiosmtplib.SMTPRecipientsRefused as refused:
            raise _deferred(_answered(refused.recipients[0], "address_refused")) from refused
        except aiosmtplib.SMTPResponseException as answer:
            raise _answered(answer, "mail_refused") from answer
        except ssl.SSLError as wrong:
            said = f"The mail relay's certificate does not hold ({certificates.trouble(wrong)}). Check MAIL."
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


async def _answers(line: aiosmtplib.SMTP) -> bool:
    """Whether the relay still listens; only then is it sure that a mail given to it is given once."""
    try:
        await line.rset(timeout=_FAREWELL_SECONDS)
    except (aiosmtplib.SMTPException, OSError):
        return False
    return True


def _answered(answer: aiosmtplib.SMTPResponseException, refusal: str) -> ProviderDown | ProviderRefused:
    said = f"The mail relay answered {answer.code}: {ascii(answer.message)[:200]}."
    return ProviderDown(said) if 400 <= answer.code < 500 else ProviderRefused(said, refusal)


def _closed(answer: aiosmtplib.SMTPResponseException, what: str) -> ProviderDown | Unusable:
    """A relay that serves nobody like us says nothing of the mail at hand, which waits until that is mended."""
    down = _answered(answer, "mail_refused")
    if isinstance(down, ProviderDown):
        return down
    return Unusable(f"{down.message} Check {what}.", "mail_refuses_us")


def _deferred(answer: ProviderDown | ProviderRefused) -> ProviderDown | ProviderRefused:
    return Deferred(answer.message) if isinstance(answer, ProviderDown) else answer
