"""An act that is asked for twice is done once (docs/time-bank.md 8).

A client names each act by a key of its own, `Idempotency-Key`. What the act makes gets its name from person and key,
and is known by it in the transaction that makes it: so whoever asks again, because no answer came, changes nothing,
even where this process was killed between the act and its answer. What was answered is kept, and told again. What was
refused has left nothing, and can be asked for again under the same key; what was refused for want of a right, by
another request too, for who may not do one thing has not begun another. A key is a person's own: whoever else asks has
another.
"""

from collections.abc import Awaitable, Callable, Coroutine
from hashlib import sha256
from http import HTTPStatus
from typing import Any, NamedTuple

from fastapi import Request, Response
from fastapi.routing import APIRoute
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.errors import (
    ActTakenError,
    AppealError,
    BudgetError,
    CapPassedError,
    ChangedMeanwhileError,
    ChangeError,
    DayWaitsError,
    EntitlementError,
    KeyTakenError,
    LeavingError,
    MonthOpenError,
    NotAllowedError,
    OffsetError,
    OrderError,
    OvertimeError,
    PacketError,
    PolicyError,
    PostingError,
    ProposalError,
    RefusedError,
    ReportError,
    RulingError,
    UnknownUnitError,
    WithdrawalError,
)
from ccd.errors.types import OF_STATUS
from ccd.floor.days import SECOND
from ccd.org.acts import is_begun
from ccd.org.people import Person
from ccd.sql.turns import Patience, take_turn_at_once
from ccd.web.described import REPLAYED, answers_of
from ccd.web.problems import Problem, problem_of
from ccd.web.schema import idempotency

HEADER, ETAG = "Idempotency-Key", "ETag"
KEY_CHARACTERS_MAX = 100
KEPT_US = 30 * 86_400 * SECOND
ACT_DIGITS = 32

NOT_SO = (
    ActTakenError, AppealError, BudgetError, CapPassedError, ChangedMeanwhileError, ChangeError, DayWaitsError,
    EntitlementError, KeyTakenError, LeavingError, MonthOpenError,
    OffsetError, OrderError, OvertimeError, ProposalError, RefusedError, RulingError, WithdrawalError,
)  # fmt: skip
NEVER = (PacketError, PolicyError, PostingError, ReportError, UnknownUnitError)


class KeptAnswer(NamedTuple):
    """`text` is the body; above it, where the answer had one, its ETag."""

    status: int
    text: str

    @classmethod
    def of(cls, answer: Response) -> "KeptAnswer":
        body, tag = bytes(answer.body).decode(), answer.headers.get(ETAG)
        return cls(answer.status_code, body if tag is None else f"{ETAG}: {tag}\n{body}")

    def again(self) -> Response:
        head, line, body = self.text.partition("\n")
        name, _, tag = head.partition(": ")
        if not line or name != ETAG:
            return Response(self.text, self.status, {REPLAYED: "true"}, "application/json")
        return Response(body, self.status, {REPLAYED: "true", ETAG: tag}, "application/json")


class Answers:
    """`now` in µs since the epoch."""

    def __init__(self, engine: AsyncEngine, now: Callable[[], int]) -> None:
        self._engine, self._now = engine, now

    async def begin(self, person: str, key: str, request: str) -> KeptAnswer | None:
        """What was answered before, if anything was. Problem 422 where the key stands for another request."""

        def work(connection: Connection) -> KeptAnswer | None:
            mine = (idempotency.c.person == person) & (idempotency.c.key == key)
            found = connection.execute(select(idempotency).where(mine)).one_or_none()
            if found is None:
                connection.execute(delete(idempotency).where(idempotency.c.asked_at < self._now() - KEPT_US))
                row = {"person": person, "key": key, "request": request, "asked_at": self._now()}
                connection.execute(insert(idempotency).values(row))
                return None
            if found.request != request:
                detail = f"{HEADER}: {key} was the key of another request; each act has one of its own."
                raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, because="key-taken")
            return None if found.status is None else KeptAnswer(found.status, found.body)

        return await take_turn_at_once(self._engine, work, Patience())

    async def keep(self, person: str, key: str, answer: KeptAnswer) -> None:
        mine = (idempotency.c.person == person) & (idempotency.c.key == key) & idempotency.c.status.is_(None)
        said = update(idempotency).where(mine).values(status=answer.status, body=answer.text)

        def work(connection: Connection) -> None:
            connection.execute(said)

        await take_turn_at_once(self._engine, work, Patience())

    async def release(self, person: str, key: str) -> None:
        """The key stands for nothing any more, but where its act was done once, under a right that is gone by now."""
        mine = (idempotency.c.person == person) & (idempotency.c.key == key) & idempotency.c.status.is_(None)

        def work(connection: Connection) -> None:
            if not is_begun(connection, act_of(person, key)):
                connection.execute(delete(idempotency).where(mine))

        await take_turn_at_once(self._engine, work, Patience())


def act_of(person: str, key: str) -> str:
    """What an act is known by for ever, of a person's key."""
    return sha256(f"{person}\0{key}".encode()).hexdigest()[:ACT_DIGITS]


def once(who: Callable[[Request], Awaitable[Person]], answers: Answers) -> type[APIRoute]:
    """Routes whose POSTs are answered once for each key of a person, and on which rules' refusals are problems: 404
    where what it is about is not there, 409 where it can't be as things stand, 422 where it never could."""

    class Once(APIRoute):
        def __init__(self, path: str, endpoint: Callable[..., Any], **said: Any) -> None:
            told = answers_of(said.get("methods") or (), said.get("status_code") or HTTPStatus.OK)
            super().__init__(path, endpoint, **{**said, "responses": {**told, **(said.get("responses") or {})}})

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            do = super().get_route_handler()

            async def said(request: Request) -> Response:
                try:
                    return await do(request)
                except NOT_SO as error:
                    missing = error.because == OF_STATUS[HTTPStatus.NOT_FOUND]
                    raise problem_of(HTTPStatus.NOT_FOUND if missing else HTTPStatus.CONFLICT, error) from None
                except NEVER as error:
                    raise problem_of(HTTPStatus.UNPROCESSABLE_ENTITY, error) from None

            async def said_once(request: Request) -> Response:
                person = (await who(request)).name
                key = _key(request.headers.get(HEADER))
                target = f"{request.method} {request.url.path}?{request.url.query}\n"
                known = await answers.begin(person, key, sha256(target.encode() + await request.body()).hexdigest())
                if known is not None:
                    return known.again()
                try:
                    answer = await said(request)
                except NotAllowedError:
                    await answers.release(person, key)
                    raise
                await answers.keep(person, key, KeptAnswer.of(answer))
                return answer

            return said_once if "POST" in (self.methods or ()) else said

    return Once


def _key(said: str | None) -> str:
    if said and len(said) <= KEY_CHARACTERS_MAX and said.isascii() and said.isprintable():
        return said
    detail = f"{HEADER}: a key of 1 to {KEY_CHARACTERS_MAX} printable ASCII characters is needed, another for each act."
    raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, because="no-key")
