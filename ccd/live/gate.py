"""The child that lets people in: websockets wait here, a bounded number of them, until it is known whose they are.

Who comes together is looked up together: after a restart thousands of pages knock at once. From time to time it asks
whether those inside may still be there: whoever signed out or was removed is not.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

import structlog

from ccd.errors import CcdError
from ccd.live.hub import Hub
from ccd.org.people import Session

Authenticate = Callable[[Sequence[str]], Awaitable[list[Session | None]]]  # the cookies' tokens → whose they are
StillValid = Callable[[Collection[str]], Awaitable[set[str]]]  # sessions' keys → those that are good still


@dataclass(frozen=True, slots=True)
class GateLimits:
    waiting_max: int = 2_000
    together_max: int = 200
    recheck_s: float = 30.0


class Knocking(Protocol):
    def admit(self, session: Session) -> None: ...
    def refuse(self, status: HTTPStatus, why: str) -> None: ...


class Gate:
    def __init__(
        self,
        hub: Hub,
        authenticate: Authenticate,
        still_valid: StillValid,
        limits: GateLimits | None = None,
        look_again: Callable[[], None] = lambda: None,
    ) -> None:
        """`look_again` is called as often as whether those inside may still be there, for what they may still see."""
        self._hub = hub
        self._authenticate = authenticate
        self._still_valid = still_valid
        self._limits = limits or GateLimits()
        self._look_again = look_again
        self._waiting: asyncio.Queue[tuple[Knocking, str]] = asyncio.Queue(self._limits.waiting_max)
        self._log = structlog.get_logger("ccd.live.gate")

    def ask(self, who: Knocking, token: str | None) -> bool:
        """False: too many are waiting. Without a token the answer is known."""
        if token is None:
            who.refuse(HTTPStatus.UNAUTHORIZED, "Sign in first.")
            return True
        try:
            self._waiting.put_nowait((who, token))
        except asyncio.QueueFull:
            return False
        return True

    def turn_out(self, keys: Collection[str]) -> None:
        """These sessions are over: so are their connections."""
        for client in self._hub.clients():
            if client.session.key in keys:
                client.close("Signed out", "the session is over; sign in again")

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        recheck_at = loop.time() + self._limits.recheck_s
        while True:
            first = None
            with suppress(TimeoutError):
                async with asyncio.timeout_at(recheck_at):
                    first = await self._waiting.get()
            if first is not None:
                await self._let_in(first)
            if loop.time() >= recheck_at:
                recheck_at = loop.time() + self._limits.recheck_s
                await self._recheck()

    async def _let_in(self, first: tuple[Knocking, str]) -> None:
        together = [first]
        while len(together) < self._limits.together_max and not self._waiting.empty():
            together.append(self._waiting.get_nowait())
        try:
            sessions = await self._authenticate([token for _, token in together])
        except CcdError as error:
            self._log.warning("nobody can be let in", error=str(error))
            for who, _ in together:
                who.refuse(HTTPStatus.SERVICE_UNAVAILABLE, "Sessions can't be looked up; try again.")
            return
        for (who, _), session in zip(together, sessions, strict=True):
            if session is None:
                who.refuse(HTTPStatus.UNAUTHORIZED, "Sign in first.")
            else:
                who.admit(session)

    async def _recheck(self) -> None:
        inside = {client.session.key for client in self._hub.clients()}
        if not inside:
            return
        try:
            over = inside - await self._still_valid(inside)
        except CcdError as error:
            self._log.warning("sessions could not be looked up; asking again later", error=str(error))
            return
        self.turn_out(over)
        self._look_again()
