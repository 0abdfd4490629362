"""Attendance systems are told by webhook what happened (docs/time-bank.md 3.5), in the form of Standard Webhooks: the
only module that asks other systems over HTTP.

An item is claimed, sent, and noted as taken: whoever is killed in between sends it again under the same id, by which a
receiver drops what it knows. One item after the other: what a hook has not taken, nothing overtakes.
"""

import asyncio
import base64
import hmac
import random
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import NamedTuple

import httpx
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd import __version__
from ccd.bank.outbox import Delivery, HookStand, begin_hooks, claim, due, failed, stands, took
from ccd.daemon.again import again_and_again
from ccd.errors import ConfigurationError
from ccd.floor.days import SECOND
from ccd.history.reading import reading
from ccd.sql.turns import Patience, take_turn

LOOK_INTERVAL_S = 5.0
ANSWER_S_MAX = 10.0
CLAIM_S = 30.0  # longer than an answer is waited for, and what was answered is noted
DELAY_S_MIN = 5.0
DELAY_S_MAX = 21_600.0
DOUBLINGS_MAX = 13  # reach DELAY_S_MAX
JITTER = 0.2  # of a delay, up or down
TRYING_S_MAX = 7 * 86_400.0
ERROR_CHARACTERS_MAX = 200

log = structlog.get_logger("ccd.daemon")


class Hook(NamedTuple):
    """`keys` are read whenever something is signed: with two of them, each signs, while a receiver changes its own.
    ConfigurationError where they can't be read."""

    name: str
    url: str
    kinds: tuple[str, ...]
    keys: Callable[[], Sequence[bytes]]


class HookAnswer(NamedTuple):
    """`error` is "" where the item was taken; `gone`: the receiver wants nothing any more."""

    error: str = ""
    gone: bool = False


class Delivering:
    """`clock` is the wall's, in epoch seconds, whatever the floor's is: a receiver compares it with its own."""

    def __init__(
        self,
        engine: AsyncEngine,
        hooks: Sequence[Hook],
        clock: Callable[[], float] = time.time,
        answer_s_max: float = ANSWER_S_MAX,
        look_interval_s: float = LOOK_INTERVAL_S,
    ) -> None:
        self.standing: dict[str, HookStand] = {}  # by hook, as it was seen last
        self._engine, self._hooks, self._clock = engine, hooks, clock
        self._answer_s_max, self._look_interval_s = answer_s_max, look_interval_s

    async def run(self) -> None:
        """Until it is cancelled. Raises what is no passing failure of the database."""
        if not self._hooks:
            return
        async with client() as http, asyncio.TaskGroup() as group:
            for hook in self._hooks:
                telling = again_and_again(f"webhook {hook.name}", partial(self.tell, http, hook), self._look_interval_s)
                group.create_task(telling, name=f"webhook {hook.name}")

    async def tell(self, http: httpx.AsyncClient, hook: Hook) -> None:
        """All that is due."""
        if hook.name not in self.standing:
            await take_turn(self._engine, lambda connection: begin_hooks(connection, [hook.name]), Patience())
        while await self.tell_next(http, hook):
            pass

    async def tell_next(self, http: httpx.AsyncClient, hook: Hook) -> bool:
        """Whether the next item was due, and the hook has taken it."""
        now = self._now()
        async with reading(self._engine) as connection:
            self.standing |= {one.name: one for one in await stands(connection) if one.name == hook.name}
            found = await due(connection, hook.name, hook.kinds, now)
        if found is None:
            return False
        stand, item = found
        until = now + round(CLAIM_S * SECOND)
        claimed = await take_turn(self._engine, lambda connection: claim(connection, stand, now, until), Patience())
        if claimed is None:
            return False
        answer = await self._post(http, hook, item)
        if answer.error:
            await self._note_failure(hook, claimed, item, answer)
            return False
        await take_turn(self._engine, lambda connection: took(connection, claimed, item.number), Patience())
        if stand.error:
            log.info("a webhook takes what it is told again", webhook=hook.name)
        return True

    async def _post(self, http: httpx.AsyncClient, hook: Hook, item: Delivery) -> HookAnswer:
        body = item.body.encode()
        try:
            headers = headers_of(item.id, int(self._clock()), body, hook.keys())
            async with asyncio.timeout(self._answer_s_max):
                async with http.stream("POST", hook.url, content=body, headers=headers) as answer:
                    code = answer.status_code  # what else it says is not read
        except ConfigurationError as error:
            return HookAnswer(str(error))
        except TimeoutError:
            return HookAnswer(f"did not answer within {self._answer_s_max:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:  # the last: a host that no name server takes
            return HookAnswer(f"can't be reached: {str(error) or type(error).__name__}"[:ERROR_CHARACTERS_MAX])
        if 200 <= code < 300:
            return HookAnswer()
        if 300 <= code < 400:
            return HookAnswer(f"answered {code}: it is elsewhere, and nothing is sent there; configure where")
        return HookAnswer(f"answered {code}", gone=code == HTTPStatus.GONE)

    async def _note_failure(self, hook: Hook, claimed: HookStand, item: Delivery, answer: HookAnswer) -> None:
        """Tried again later, unless the receiver is gone, or it has lasted too long."""
        now = self._now()
        since = now if claimed.trying_since is None else claimed.trying_since
        stopped = ""
        if answer.gone:
            stopped = "wants nothing any more (410)"
        elif now - since >= TRYING_S_MAX * SECOND:
            stopped = f"took nothing for {TRYING_S_MAX / 86_400:g} days"
        delay_s = delay_s_of(claimed.tries, random.uniform(-JITTER, JITTER))
        next_at = now + round(delay_s * SECOND)
        await take_turn(
            self._engine,
            lambda connection: failed(connection, claimed, next_at, answer.error, stopped),
            Patience(),
        )
        self.standing[hook.name] = claimed._replace(next_at=next_at, error=answer.error, stopped=stopped)
        said = {"webhook": hook.name, "item": item.number, "why": answer.error}
        if stopped:
            log.error(
                "a webhook is told nothing any more", stopped=stopped, hint=f"ccd webhook retry {hook.name}", **said
            )
        elif not claimed.error:
            log.warning("a webhook did not take what it was told", again_in_s=round(delay_s), **said)

    def _now(self) -> int:
        return round(self._clock() * SECOND)


def client() -> httpx.AsyncClient:
    """Certificates are the system's; no redirect is followed, and no proxy of the environment asked."""
    return httpx.AsyncClient(
        verify=ssl.create_default_context(), trust_env=False, follow_redirects=False, timeout=ANSWER_S_MAX
    )


def delay_s_of(tries: int, jitter: float) -> float:
    """After so many tries of one item; `jitter` is a part of it."""
    doubled: float = DELAY_S_MIN * 2 ** min(tries - 1, DOUBLINGS_MAX)
    return min(DELAY_S_MAX, doubled * (1 + jitter))


def headers_of(item: str, at: int, body: bytes, keys: Sequence[bytes]) -> Mapping[str, str]:
    """As Standard Webhooks wants them: the signature is of the id of the item, time and body."""
    signed = f"{item}.{at}.".encode() + body
    signatures = [base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys]
    return {
        "content-type": "application/json",
        "user-agent": f"ccd/{__version__}",
        "webhook-id": item,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
