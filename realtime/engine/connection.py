"""One Engine.IO session: its heartbeat, its output over whichever transport it has, and its end."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from realtime.engine import frames
from realtime.engine.inbox import Inbox
from realtime.engine.roles import REASON, Link, Malformed

if TYPE_CHECKING:
    from realtime.engine.engine import EngineServer

MOST_BEHIND = 1024 * 1024
NORMAL = 1000
PING, NOOP, END = frames.text(b"2"), frames.text(b"6"), frames.text(b"1")


class Connection:
    """A session; it begins on polling or on a WebSocket, and `link` is its WebSocket once there is one.

    `context` belongs to whoever listens. `write` is None while nothing can be written: there is no WebSocket, or its
    reader has not taken what was written (`paused`). `fd` is its socket, -1 while that is not to be written to; the
    transport closes a socket only after `lost`, so this is never another's.
    """

    __slots__ = (
        "_asked", "_due", "_waiting", "backlog", "behind", "closed", "context", "engine", "fd", "inbox", "link", "out",
        "paused", "poll", "posting", "session", "sid", "spoke", "upgrading", "write",
    )  # fmt: skip

    def __init__(self, engine: "EngineServer", sid: str) -> None:
        self.engine, self.sid = engine, sid
        self.context: Any = None
        self.session: dict[str, Any] | None = None
        self.link: Link | None = None
        self.out: bytes | list[bytes] | None = None
        self.fd = -1
        self.write: Callable[[bytes], None] | None = None
        self._waiting = engine.tick.waiting
        self.backlog: list[bytes] | None = None
        self.behind = 0
        self.paused = self.upgrading = self.posting = self.closed = False
        self.poll: asyncio.Future[None] | None = None
        self.inbox = Inbox(engine.at_once, self)
        self._asked = False
        self._due: float = asyncio.get_running_loop().time() + engine.ping_interval
        self.spoke = engine.wheel.set(self, self._due)

    def send(self, frame: bytes) -> None:
        """Send one frame, or a run of them that must stay together, after all that was sent before."""
        if self.out is None:
            self.out = frame
        else:
            self.add(frame)
        if not self._waiting:
            self.engine.tick.begin()
        self._waiting.append(self)

    def add(self, frame: bytes) -> None:
        """Send one frame after those that wait."""
        if type(self.out) is list:
            self.out.append(frame)
        else:
            self.out = [self.out, frame]  # type: ignore[list-item]

    def send_volatile(self, frame: bytes) -> None:
        """Send a frame that may be lost: a reader that is behind is spared it."""
        if not self.paused and not (self.link is None and self.backlog):
            self.send(frame)

    def push(self, data: bytes) -> None:
        """Write it, or keep it while nothing can be written; above 1 MiB that is not taken, the connection is cut."""
        if self.closed:
            return
        if self.write is not None:
            self.write(data)
            return
        if self.backlog is None:
            self.backlog = []
        self.backlog.append(data)
        self.behind += len(data)
        if self.behind > MOST_BEHIND:
            self.cut()
        else:
            self.wake()

    def take(self) -> bytes:
        """All that waits for the reader, who takes it now."""
        run = b"".join(self.backlog or ())
        self.backlog, self.behind = None, 0
        return run

    def pause(self, on: bool) -> None:
        """The reader's side is full, or empty again."""
        self.paused = on
        if on or self.closed or self.link is None:
            self.fd, self.write = -1, None
            return
        self.fd, self.write = self.link.fd, self.link.write
        if self.backlog:
            self.write(self.take())

    def joined(self, link: Link) -> None:
        """The session has a WebSocket from now on."""
        self.link = link
        if self.closed:
            link.close(NORMAL)
            return
        self.pause(False)
        if self.inbox.congested:
            link.hold(True)

    def lost(self, reason: str) -> None:
        """The WebSocket has ended, and the session with it."""
        if not self.closed:
            self.closed, self.fd, self.write = True, -1, None
            self.backlog = self.out = None
            self.behind = 0
            self._end(reason)

    def wake(self) -> None:
        """Let the open poll be answered."""
        if self.poll is not None and not self.poll.done():
            self.poll.set_result(None)

    def receive(self, packet: str | bytes) -> None:
        """Take one packet of the client; Malformed for what a client does not send."""
        if self.closed:
            return
        kind = packet[:1]
        if isinstance(packet, bytes):
            self.engine.listener.heard(self, packet)
        elif kind == "4":
            self.engine.listener.heard(self, packet[1:])
        elif kind == "3":
            self._answered()
        elif kind == "1":
            self.close(REASON.CLIENT_DISCONNECT)
        elif kind not in {"5", "6"}:
            raise Malformed("This is no packet that a client sends.")

    def ring(self) -> None:
        """The heartbeat: a ping is due, or its answer is overdue."""
        if self._asked:
            self.close(REASON.PING_TIMEOUT)
            return
        self._asked = True
        self.send(PING)
        self._due += self.engine.ping_timeout
        self.spoke = self.engine.wheel.set(self, self._due)

    @property
    def expired(self) -> bool:
        """Whether the client has not answered a ping in time, to the millisecond."""
        return not self.closed and asyncio.get_running_loop().time() >= self._due + (
            0 if self._asked else self.engine.ping_timeout
        )

    def close(self, reason: str, code: int = NORMAL) -> None:
        """End the session: the client is told, the listener is told once."""
        if self.closed:
            return
        self.closed, self.fd, self.write = True, -1, None
        rest, self.out = self.out, None
        self.backlog = [*(self.backlog or ()), *([rest] if isinstance(rest, bytes) else rest or ())]
        by_client = reason in {REASON.CLIENT_DISCONNECT, REASON.TRANSPORT_CLOSE}
        if self.link is not None:
            if not self.paused:
                # Engine.IO's own end keeps some clients away; 1001 (going away) is to bring them back.
                self.link.write(self.take() + (b"" if by_client or code != NORMAL else END))
            self.link.close(code)
        elif self.poll is not None or reason == REASON.SERVER_DISCONNECT:
            self.backlog.append(NOOP if by_client else END)
        else:
            self.backlog = None
        self._end(reason)

    def cut(self, reason: str = REASON.TRANSPORT_ERROR) -> None:
        """End the session without a word, after those that were said; its client comes back by itself."""
        if self.closed:
            return
        if self.out is not None and self.write is not None:
            self.write(self.out if isinstance(self.out, bytes) else b"".join(self.out))
        link = self.link
        self.lost(reason)
        if link is not None:
            link.abort()

    def forget(self) -> None:
        """Let go of everybody, when all have been told of the end: then nothing of it is left to the collector."""
        self.context = self.link = None
        self.inbox.leave()

    def _end(self, reason: str) -> None:
        self.engine.wheel.clear(self, self.spoke)
        self.inbox.clear()
        self.engine.ended(self, reason)
        self.wake()

    def _answered(self) -> None:
        if self._asked:
            self._asked = False
            self.engine.wheel.clear(self, self.spoke)
            self._due = asyncio.get_running_loop().time() + self.engine.ping_interval
            self.spoke = self.engine.wheel.set(self, self._due)

    def hold(self, on: bool) -> None:
        """Read no more of what the client sends, or go on."""
        if self.link is not None:
            self.link.hold(on)
