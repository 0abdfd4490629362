"""The simulated switch on a socket: banner, logins, actions, and everything that happens on the floor as it happens.

What a client does not read waits in its connection's buffer up to a limit; beyond it the client is cut off, as Asterisk
cuts off who reads too slowly. The others notice nothing.
"""

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from ccd.errors import AddressTakenError
from ccd.floor.days import SECOND
from ccd.pbx.simulator.ami_text import blocks
from ccd.pbx.simulator.answers import BANNER
from ccd.pbx.simulator.clock import VirtualClock
from ccd.pbx.simulator.requests import Requests
from ccd.pbx.simulator.session import AmiSession, ManagerUser
from ccd.pbx.simulator.speech import Speech
from ccd.pbx.simulator.switch import Switch

TICK_S = 0.02
STEP_EVENTS_MAX = 2_000  # said between two looks at the sockets, when the floor has to catch up
BUFFER_BYTES_MAX = 32 * 1024 * 1024  # a QueueStatus of some ten thousand members fits in
CLIENTS_MAX = 64
AUTHENTICATION_S_MAX = 30.0
NIGHT_S_PER_TICK = 60  # of the floor's time, while nobody is there and nights are skipped


class LivingFloor(Protocol):
    """What lives behind the switch: a day's life, or a load."""

    switch: Switch

    def run_until(self, until: int) -> list[Speech]: ...

    def acted(self, at: int) -> None:
        """A client's action may have changed who takes calls."""

    def is_quiet(self) -> bool: ...

    def next_at(self) -> int: ...


class SimulatedPbx:
    """The switch of `floor`, on `clock`'s time, for clients that know `account`."""

    def __init__(
        self, floor: LivingFloor, clock: VirtualClock, account: ManagerUser, skip_nights: bool = False
    ) -> None:
        self.cut_off = 0  # clients that read too slowly
        self._floor = floor
        self._clock = clock
        self._account = account
        self._skip_nights = skip_nights
        self._lines: set[SimulatedConnection] = set()
        floor.run_until(clock.start)  # nobody hears what was before

    @asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[tuple[str, int]]:
        """Takes connections while the context lasts; gives the address, which matters where `port` was 0."""
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(lambda: SimulatedConnection(self), host, port)
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE:
                raise AddressTakenError(host, port) from problem
            raise
        try:
            bound_host, bound_port = server.sockets[0].getsockname()[:2]
            yield bound_host, bound_port
        finally:
            server.close()
            for line in tuple(self._lines):
                line.cut()

    async def run(self) -> None:
        """Lets the floor live, until it is cancelled."""
        while True:
            self.live()
            if self._skip_nights and self._floor.is_quiet():
                self._clock.skip_to(min(self._clock.now() + NIGHT_S_PER_TICK * SECOND, self._floor.next_at()))
            await asyncio.sleep(TICK_S)

    def live(self) -> int:
        """Everything up to now happens and is sent; gives that now, µs."""
        now = self._clock.now()
        self._tell(self._floor.run_until(now))
        return now

    def opened(self, line: "SimulatedConnection") -> bool:
        """Whether there is room for one more client."""
        if len(self._lines) >= CLIENTS_MAX:
            return False
        self._lines.add(line)
        return True

    def closed(self, line: "SimulatedConnection") -> None:
        self._lines.discard(line)

    def session(self) -> AmiSession:
        return AmiSession(self._account, self._floor.switch, self._clock.start)

    def carry_out(self, line: "SimulatedConnection", data: bytes) -> None:
        """What a client sent: each action is answered, and what it leads to is told to all."""
        for request in line.requests.feed(data):
            if line.session.over:
                return
            now = self.live()
            line.send(line.session.answer(request, now).encode())
            if said := self._floor.switch.heard():  # a question changes nothing, and may not hurry whoever waits
                self._tell(said)
                self._floor.acted(now)

    def _tell(self, said: list[Speech]) -> None:
        listeners = [line for line in self._lines if line.session.authenticated and line.session.wants_events]
        for n in range(0, len(said) if listeners else 0, STEP_EVENTS_MAX):
            piece = blocks(said[n : n + STEP_EVENTS_MAX])
            for line in listeners:
                if not line.send(piece):
                    self.cut_off += 1


class SimulatedConnection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, pbx: SimulatedPbx) -> None:
        self.requests = Requests()
        self.session = pbx.session()
        self._pbx = pbx
        self._transport: asyncio.Transport | None = None
        self._time_out: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if not self._pbx.opened(self):
            transport.close()
            return
        transport.write(BANNER.encode())
        self._time_out = asyncio.get_running_loop().call_later(AUTHENTICATION_S_MAX, self._close_stranger)

    def data_received(self, data: bytes) -> None:
        self._pbx.carry_out(self, data)
        if self.session.over and self._transport is not None:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._pbx.closed(self)
        self._transport = None
        if self._time_out is not None:
            self._time_out.cancel()

    def send(self, data: bytes) -> bool:
        """False where the client had to be cut off, because too much waits for it already."""
        if self._transport is None or self._transport.is_closing():
            return True
        self._transport.write(data)
        if self._transport.get_write_buffer_size() <= BUFFER_BYTES_MAX:
            return True
        self.cut()
        return False

    def cut(self) -> None:
        """Ends the connection at once, whatever waits in it."""
        if self._transport is not None:
            self._transport.abort()

    def _close_stranger(self) -> None:
        if not self.session.authenticated:
            self.cut()
