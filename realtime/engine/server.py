"""The Socket.IO server: namespaces, events and acknowledgements, a drop-in for `socketio.AsyncServer` on aiohttp."""

import asyncio
from typing import Any

import socketio
from aiohttp import web

from realtime.engine.client import NOBODY, Client
from realtime.engine.codec import ACK, CONNECT, CONNECT_ERROR, DISCONNECT, EVENT, ClassCodec, Codec, Packet
from realtime.engine.connection import Connection
from realtime.engine.dispatch import UNHANDLED, trigger
from realtime.engine.engine import EngineServer
from realtime.engine.environs import Environs, environ_of
from realtime.engine.local import Manager, called
from realtime.engine.members import Member
from realtime.engine.roles import REASON, Malformed
from realtime.engine.tasks import start
from realtime.engine.wheel import Wheel

FAILED = {"message": "The server could not connect you."}


class Server(socketio.AsyncServer):  # type: ignore[misc]
    """A Socket.IO server; all arguments are those of `socketio.AsyncServer`, and `connect_timeout` in seconds.

    Events of one client begin in the order they were sent: one at a time with `async_handlers=False`, else at most 64
    at once. A session that is in no namespace for `connect_timeout` ends.
    """

    manager: Manager
    eio: EngineServer
    manager_initialized: bool

    def __init__(
        self, client_manager: Manager | None = None, serializer: Any = "default", json: Any = None,
        connect_timeout: float = 45.0, **options: Any,
    ) -> None:  # fmt: skip
        manager = client_manager or Manager()
        if not isinstance(manager, Manager):
            raise ValueError("This server takes its own managers only: Manager or RedisManager.")
        super().__init__(client_manager=manager, serializer=serializer, json=json, **options)
        self.connect_timeout, self.environ = connect_timeout, Environs()
        self._patience = Wheel(max(0.01, connect_timeout / 20))
        self.codec: Any = Codec(json) if serializer == "default" else ClassCodec(self.packet_class)
        manager.codec = self.codec
        self.eio.at_once = 64 if self.async_handlers else 1
        self.eio.listener = self

    @property
    def fallback(self) -> str:
        """Why connections stay with aiohttp; empty when they do not."""
        return self.eio.fallback

    def attach(self, app: web.Application, socketio_path: str = "socket.io") -> None:
        """Serve under a path of an application, from its start, when the bus begins to be heard, to its shutdown."""

        async def begin(_app: web.Application) -> None:
            self._begin()

        app.on_startup.append(begin)
        self.eio.attach(app, socketio_path)

    async def emit(
        self, event: str, data: Any = None, to: Any = None, room: Any = None, skip_sid: Any = None,
        namespace: str | None = None, callback: Any = None, ignore_queue: bool = False, volatile: bool = False,
    ) -> None:  # fmt: skip
        """Send an event as `socketio.AsyncServer.emit` does; a `volatile` one is spared readers that are behind."""
        await self.manager.emit(
            event, data, namespace or "/", room=to or room, skip_sid=skip_sid, callback=callback,
            ignore_queue=ignore_queue, volatile=volatile,
        )  # fmt: skip

    async def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> None:
        """Disconnect a client from a namespace: it is told, and stays away."""
        namespace = namespace or "/"
        here = self.manager.is_connected(sid, namespace)
        if here or (not ignore_queue and await self.manager.can_disconnect(sid, namespace)):
            member = self.manager.members.get(sid, namespace)
            if member is not None:
                member.connection.send(self.codec.encode(DISCONNECT, namespace))
                await self._depart(member, REASON.SERVER_DISCONNECT)

    def cut(self, sid: str, namespace: str | None = None) -> None:
        """End the connection of a client of this process without a word: it comes back by itself."""
        if member := self.manager.members.get(sid, namespace or "/"):
            member.connection.cut()

    async def shutdown(self, within: float = 0.0) -> None:
        """End all connections with 1001, spread over `within` seconds; clients come back by themselves, elsewhere."""
        await self.eio.shutdown(within)
        self._patience.stop()

    async def opened(self, connection: Connection, request: web.Request) -> None:
        """Let a session begin; it has some time to join a namespace."""
        self._begin()
        connection.context = Client(connection)
        self.environ[connection.sid] = environ_of(request)
        self._give_time(connection)

    def heard(self, connection: Connection, data: str | bytes) -> None:
        """Take a message; Malformed for what a client does not send."""
        client: Client = connection.context
        packet = client.assemble(self.codec, data)
        if packet is not None:
            self._take(client, packet)

    async def ended(self, connection: Connection, reason: str) -> None:
        """The session is gone, and with it its members."""
        client: Client = connection.context
        client.reason = reason
        self._take_time(client)
        await asyncio.gather(*(self._depart(each, reason) for each in list(client.members.values()) if each.connected))
        self.environ.forget(connection.sid)

    def instrument(self, *_arguments: Any, **_options: Any) -> None:
        """Not offered."""
        raise RuntimeError("Socket.IO's admin page patches parts of python-socketio that this server does not use.")

    def _begin(self) -> None:
        if not self.manager_initialized:
            self.manager_initialized = True
            self.manager.initialize()

    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer

    def _take(self, client: Client, packet: Packet) -> None:
        member = client.members.get(packet.namespace)
        if packet.kind == CONNECT:
            if member is not None or packet.namespace in client.joining:
                raise Malformed("A second CONNECT.")
            client.joining = {*client.joining, packet.namespace}
            client.connection.inbox.add(self._join_in_turn, client, packet, alone=True)
        elif packet.namespace in client.joining:
            client.connection.inbox.add(self._take_later, client, packet)
        elif member is None or not member.connected:
            raise Malformed("Nothing is taken before CONNECT.")
        elif packet.kind == EVENT:
            client.connection.inbox.add(self._answer, member, packet.id, packet.data)
        elif packet.kind == ACK and packet.id is not None:
            if (callback := member.expected(packet.id)) is not None:
                start(self._safely(called(callback, packet.data)))
        else:
            client.connection.inbox.add(self._part, member)

    async def _take_later(self, client: Client, packet: Packet) -> None:
        if not client.connection.closed:
            try:
                self._take(client, packet)
            except Malformed:
                client.connection.close(REASON.TRANSPORT_ERROR)

    async def _join_in_turn(self, client: Client, packet: Packet) -> None:
        try:
            await self._join(client, packet)
        finally:
            client.joining = client.joining - {packet.namespace} or NOBODY
            if not self.fallback:
                self.environ.fold(client.connection.sid)

    async def _join(self, client: Client, packet: Packet) -> None:
        namespace, connection = packet.namespace, client.connection
        if not self._serves(namespace):
            connection.send(self.codec.encode(CONNECT_ERROR, namespace, {"message": "Invalid namespace"}))
            return
        self._take_time(client)
        member = client.members[namespace] = self.manager.admit(connection, namespace)
        await self.manager.heard(namespace, None)
        if client.connection.closed:
            # Nobody was told of it, so nobody need be told that it left.
            client.members.pop(namespace, None)
            self.manager.remove(member)
            return
        if self.always_connect:
            self._accept(member)
        refusal = await self._refusal(member, packet.data or None if isinstance(packet.data, dict) else None)
        if refusal is not None:
            self._refuse(client, member, refusal)
        elif connection.closed:
            await self._depart(member, client.reason)
        elif not member.connected and self.manager.members.get(member.sid, namespace) is member:
            self._accept(member)

    def _accept(self, member: Member) -> None:
        member.connection.send(self.codec.encode(CONNECT, member.namespace, {"sid": member.sid}))
        member.accept()

    def _refuse(self, client: Client, member: Member, refusal: Any) -> None:
        kind = (DISCONNECT,) if member.connected else (CONNECT_ERROR,)
        said = self.codec.encode(*kind, member.namespace, *(() if member.connected else (refusal,)))
        client.members.pop(member.namespace, None)
        self.manager.remove(member)
        client.connection.send(said)
        self._give_time(client.connection)

    async def _refusal(self, member: Member, auth: Any) -> Any:
        """What a client is told that the handler of `connect` turns away; None for one that it lets in."""
        environ = self.environ[member.connection.sid]
        try:
            answer = await trigger(self, "connect", member.namespace, member.sid, environ, auth)
        except socketio.exceptions.ConnectionRefusedError as refused:
            return refused.error_args
        except ConnectionRefusedError:
            return {"message": "Connection refused by server"}
        except Exception:
            self.logger.exception("connect handler error")
            return FAILED
        return socketio.exceptions.ConnectionRefusedError().error_args if answer is False else None

    async def _answer(self, member: Member, number: int | None, data: list[Any]) -> None:
        """Let the handler have an event, and acknowledge it with what that returns."""
        if not member.connected:
            return
        try:
            result = await trigger(self, data[0], member.namespace, member.sid, *data[1:])
            if number is not None and result is not UNHANDLED:
                said = list(result) if isinstance(result, tuple) else [] if result is None else [result]
                member.outlet.send(self.codec.encode(ACK, member.namespace, said, number))
        except Exception:
            self.logger.exception("%s handler error", data[0])

    async def _part(self, member: Member) -> None:
        """The client leaves a namespace."""
        if member.connected:
            await self._depart(member, REASON.CLIENT_DISCONNECT)

    async def _depart(self, member: Member, reason: str) -> None:
        """Tell the handler of `disconnect` while the member's rooms are still there, and forget the member."""
        member.leave()
        client: Client | None = member.connection.context
        if client is not None:
            client.members.pop(member.namespace, None)
        try:
            await trigger(self, "disconnect", member.namespace, member.sid, reason)
        except Exception:
            self.logger.exception("disconnect handler error")
        self.manager.remove(member)
        self._give_time(member.connection)

    async def _safely(self, work: Any) -> None:
        try:
            await work
        except Exception:
            self.logger.exception("callback error")

    def _serves(self, namespace: str) -> bool:
        named = namespace in self.handlers or namespace in self.namespace_handlers
        return named or self.namespaces == "*" or namespace in self.namespaces

    def _give_time(self, connection: Connection) -> None:
        """A session that is in no namespace when its time is up ends."""
        if connection.closed:
            return
        client: Client = connection.context
        if not client.members and client.patience is None:
            until = asyncio.get_running_loop().time() + self.connect_timeout
            client.patience = self._patience.set(client, until)

    def _take_time(self, client: Client) -> None:
        if client.patience is not None:
            self._patience.clear(client, client.patience)
            client.patience = None
