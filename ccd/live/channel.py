"""The websocket at /live: what uvicorn makes of a connection that asks for one (`ws=`; docs/adr 0005).

The protocol itself is `websockets`', without its own input and output. There is no task and no queue a connection: what
comes in is answered on the spot, what goes out is the hub's, written to the transport as it is. Until a person is known
nothing is read beyond the request.
"""

import asyncio
import socket
from collections.abc import Collection
from dataclasses import dataclass
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import Any, cast

from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from ccd.errors import NotAllowedError
from ccd.live.clients import Client
from ccd.live.frames import Codec, JsonCodec, MsgpackCodec
from ccd.live.gate import Gate
from ccd.live.hub import Hub
from ccd.org.origins import is_own_origin
from ccd.org.people import Session
from ccd.org.rights import WithBelow, floor_units, own_agent

PATH = "/live"
UNITS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class ChannelLimits:
    message_bytes_max: int = 16_384  # of what a client says
    close_timeout_s: float = 5.0
    unsent_bytes_max: int = 131_072  # in the system's own buffer: what lies there can't be made newer any more
    unacknowledged_s_max: float = 30.0  # what a client's machine has not confirmed by then: it is gone
    send_high_water_bytes: int = 1_048_576  # with more unsent than this nothing is read; the hub stops long before


class Channel:
    """What all connections of a process share. An instance is what uvicorn is given as `ws=`."""

    def __init__(
        self,
        hub: Hub,
        gate: Gate,
        with_below: WithBelow,
        cookie: str,
        origins: Collection[str] = (),
        limits: ChannelLimits | None = None,
    ) -> None:
        self.hub = hub
        self.gate = gate
        self.with_below = with_below
        self.cookie = cookie
        self.origins = origins
        self.limits = limits or ChannelLimits()
        self.codecs: dict[str, Codec] = {codec.subprotocol: codec for codec in (MsgpackCodec(), JsonCodec())}

    def __call__(self, config: Any, server_state: Any, app_state: Any) -> "LiveConnection":
        return LiveConnection(self, server_state.connections)


class LiveConnection(asyncio.Protocol):
    """One websocket. uvicorn keeps it in `connections`, and calls `shutdown` when it stops."""

    def __init__(self, channel: Channel, connections: set[Any]) -> None:
        self._channel = channel
        self._connections = connections
        self._conn = ServerProtocol(
            subprotocols=[Subprotocol(name) for name in channel.codecs], max_size=channel.limits.message_bytes_max
        )
        self._transport = cast(asyncio.Transport, None)
        self._client: Client | None = None
        self._request: Request | None = None
        self._timer: asyncio.TimerHandle | None = None

    # --- asyncio's --------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(self._channel.limits.send_high_water_bytes)
        self._connections.add(self)
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
            limits = self._channel.limits
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, limits.unsent_bytes_max)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(limits.unacknowledged_s_max * 1000))

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        if self._client is not None:
            self._channel.hub.leave(self._client)
            self._client = None
        self._request = None

    def data_received(self, data: bytes) -> None:
        self._conn.receive_data(data)
        for event in self._conn.events_received():
            if isinstance(event, Request):
                self._ask(event)
            elif isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY):
                self._said(event)
        self._flush()

    def pause_writing(self) -> None:
        """Who does not read what is answered is not listened to: a thousand pings are a thousand pongs."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._transport.resume_reading()

    def eof_received(self) -> None:
        self._transport.close()

    # --- the handshake ----------------------------------------------------------------------------------------------

    def _ask(self, request: Request) -> None:
        """Look at the request; the gate looks at the person, and then calls `admit` or `refuse`."""
        channel = self._channel
        if request.path.partition("?")[0] != PATH:
            return self.refuse(HTTPStatus.NOT_FOUND, f"The live channel is at {PATH}.")
        origins, hosts = request.headers.get_all("Origin"), request.headers.get_all("Host")
        if not all(is_own_origin(origin, ",".join(hosts), channel.origins) for origin in origins):
            return self.refuse(HTTPStatus.FORBIDDEN, "Pages of that origin may not use the live channel.")
        self._request = request
        self._transport.pause_reading()
        if not channel.gate.ask(self, _cookie(request, channel.cookie)):
            return self.refuse(HTTPStatus.SERVICE_UNAVAILABLE, "Too many are asking to be let in; try again.")
        return None

    def admit(self, session: Session) -> None:
        request, self._request = self._request, None
        if request is None or self._transport.is_closing():
            return
        hub = self._channel.hub
        if hub.is_full_for(session.person.name):
            self.refuse(HTTPStatus.TOO_MANY_REQUESTS, "Too many connections; close one of the pages.")
            return
        response = self._conn.accept(request)
        self._conn.send_response(response)
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            self._flush()
            return
        now = asyncio.get_running_loop().time()
        codec = self._channel.codecs[str(self._conn.subprotocol)]
        self._client = Client(session, codec, self, now)
        hub.join(self._client, now)
        self._flush()
        self._transport.resume_reading()

    def refuse(self, status: HTTPStatus, why: str) -> None:
        self._request = None
        if not self._transport.is_closing():
            self._conn.send_response(self._conn.reject(status, why + "\n"))
            self._flush()

    # --- what a client says -----------------------------------------------------------------------------------------

    def _said(self, frame: Frame) -> None:
        client = self._client
        if client is None or self._conn.state is not State.OPEN:
            return
        try:
            if not frame.fin:
                raise ValueError("a message in pieces")
            self._do(client, client.codec.read(bytes(frame.data)))
        except NotAllowedError as error:
            client.close("Not allowed", _printable(error))
        except Exception as error:  # whatever a client can make a parser raise ends that client's connection only
            found = _printable(error)
            client.close("Not understood", f"expected one of the operations of the live channel; found: {found}")

    def _do(self, client: Client, message: Any) -> None:
        hub, person = self._channel.hub, client.session.person
        match message:
            case {"op": "subscribe", "topic": "floor"}:
                client.asked = _units(message.get("units"))
                hub.subscribe_floor(client, floor_units(person, client.asked, self._channel.with_below))
            case {"op": "subscribe", "topic": "me"}:
                hub.subscribe_own(client, own_agent(person))
            case {"op": "resync"} if client.topic is not None:
                hub.resync(client)
            case _:
                raise ValueError(str(message)[:80])

    # --- the hub's line ---------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Whole frames, made elsewhere."""
        if self._conn.state is State.OPEN:
            self._transport.write(data)

    def buffered(self) -> int:
        return self._transport.get_write_buffer_size()

    def is_closing(self) -> bool:
        return self._conn.state is not State.OPEN or self._transport.is_closing()

    def close(self, reason: str) -> None:
        self._say_goodbye(CloseCode.POLICY_VIOLATION, reason)

    def abort(self) -> None:
        self._transport.abort()

    def shutdown(self) -> None:
        if self._conn.state is State.OPEN:
            self._say_goodbye(CloseCode.SERVICE_RESTART, "")
        self._transport.close()

    def _say_goodbye(self, code: CloseCode, reason: str) -> None:
        if self._conn.state is State.OPEN:
            self._conn.send_close(code, reason)
            self._flush()

    def _flush(self) -> None:
        """Send what the protocol has to say: a response, a pong, a close; and see to it that a close ends."""
        for data in self._conn.data_to_send():
            if data:
                self._transport.write(data)
            else:  # its sign for the end
                self._transport.close()
        if self._timer is None and self._conn.state in (State.CLOSING, State.CLOSED):
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._channel.limits.close_timeout_s, self._transport.abort)


def _printable(error: Exception) -> str:
    """JSON can name half a character, which no frame can carry back."""
    return str(error).encode(errors="replace").decode()


def _cookie(request: Request, name: str) -> str | None:
    jar: SimpleCookie = SimpleCookie()
    for header in request.headers.get_all("Cookie"):
        try:
            jar.load(header)
        except CookieError:
            return None
    return jar[name].value if name in jar else None


def _units(units: Any) -> frozenset[str] | None:
    if units is None:
        return None
    if not isinstance(units, list) or len(units) > UNITS_MAX or not all(isinstance(unit, str) for unit in units):
        raise ValueError("units that are no list of names")
    return frozenset(units)
