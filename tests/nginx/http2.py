"""One request over HTTP/2, with the reference implementation of its framing."""

import asyncio

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, ResponseReceived, StreamEnded

from tests.nginx.front import HOST, Running


async def get(front: Running, path: str, host: str = HOST) -> tuple[dict[str, str], bytes]:
    """The headers, with `:status`, and the body of GET `path`."""
    context = front.authority.trusting()
    context.set_alpn_protocols(["h2"])
    reader, writer = await asyncio.open_connection("127.0.0.1", front.ports.https, ssl=context, server_hostname=host)
    connection = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
    connection.initiate_connection()
    authority = f"{host}:{front.ports.https}"
    asked = [(":method", "GET"), (":path", path), (":scheme", "https"), (":authority", authority)]
    connection.send_headers(1, asked, end_stream=True)
    writer.write(connection.data_to_send())
    try:
        async with asyncio.timeout(10):
            return await _answer(connection, reader, writer)
    finally:
        writer.close()


async def _answer(
    connection: H2Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> tuple[dict[str, str], bytes]:
    headers, body = {}, b""
    while data := await reader.read(65536):
        for event in connection.receive_data(data):
            if isinstance(event, ResponseReceived):
                headers = {str(name): str(value) for name, value in event.headers}
            elif isinstance(event, DataReceived):
                body += event.data
                connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, StreamEnded):
                return headers, body
        writer.write(connection.data_to_send())
    raise AssertionError("the connection ended before the answer did")
