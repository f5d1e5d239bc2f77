"""The far side of SMTP: a real relay on loopback that can be told to refuse, ask for a password, or say nothing."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class Relay:
    """How the relay behaves, and what it took; `answers` by stage (`greeting`, `mail`, `rcpt`, `data`) replace its yes.

    One that `forgets` takes a letter and breaks off before it says so; one that is `shut` breaks off at once.
    """

    answers: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    forgets: bool = False
    shut: bool = False
    tls: ssl.SSLContext | None = None
    user: str = ""
    password: str = ""
    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    calls: int = 0
    lines: set[SMTP] = field(default_factory=set)

    def hang_up(self) -> None:
        """Cut every connection, as a relay does that restarts."""
        for line in self.lines:
            if line.transport is not None:
                line.transport.close()

    async def handle_MAIL(  # noqa: N802  the name aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.answers.get("mail", "250 OK")

    async def handle_RCPT(  # noqa: N802  the name aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "rcpt" not in self.answers:
            envelope.rcpt_tos.append(address)
        return self.answers.get("rcpt", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if "data" not in self.answers:
            self.letters.append(message_from_bytes(envelope.original_content or b"", policy=default))
        if self.forgets:
            self.hang_up()
        return self.answers.get("data", "250 OK")

    def check(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        known = LoginPassword(self.user.encode(), self.password.encode())
        return AuthResult(success=data == known, handled=data == known)


@asynccontextmanager
async def relaying(relay: Relay | None = None) -> AsyncIterator[Relay]:
    """The relay, listening on a port of its own."""
    relay = relay or Relay()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _answering(relay), "127.0.0.1", 0)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()


class _Refusing(asyncio.Protocol):
    """Says one line in place of a greeting."""

    def __init__(self, line: str) -> None:
        self._line = line

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(f"{self._line}\r\n".encode())
        transport.close()


class _Shut(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


def _answering(relay: Relay) -> asyncio.Protocol:
    if relay.shut:
        return _Shut()
    if "greeting" in relay.answers:
        return _Refusing(relay.answers["greeting"])
    return asyncio.Protocol() if relay.silent else _speaking(relay)


def _speaking(relay: Relay) -> SMTP:
    relay.calls += 1
    line = SMTP(
        relay,
        hostname="relay.example",
        enable_SMTPUTF8=True,
        tls_context=relay.tls,
        require_starttls=relay.tls is not None,
        authenticator=relay.check if relay.user else None,
        auth_required=bool(relay.user) and relay.tls is not None,
        auth_require_tls=relay.tls is not None,
    )
    relay.lines.add(line)
    return line
