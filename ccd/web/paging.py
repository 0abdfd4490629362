"""Lists that are read page by page: `next` of what was read before asks for what comes after it."""

from base64 import b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Annotated, NamedTuple, TypeVar

from fastapi import Depends, Query, Request

from ccd.web.problems import Problem

LIMIT = 50
LIMIT_MAX = 200
CURSOR_CHARACTERS_MAX = 2_000

T = TypeVar("T")

After = Annotated[
    str | None,
    Query(alias="next", max_length=CURSOR_CHARACTERS_MAX, description="`next` of what was read before"),
]
Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX)]


class PageAsked(NamedTuple):
    """`where`: of which list; a cursor of another is none of this one."""

    after: str | None
    limit: int
    where: str

    def of(
        self, found: Iterable[T], name_of: Callable[[T], str], newest_first: bool = False
    ) -> tuple[list[T], str | None]:
        """In the order of their names, no two of which are the same: whatever comes or goes between two pages, nobody
        who stays is told of twice or left out. `newest_first`: the greatest name first."""
        ordered = sorted(found, key=name_of, reverse=newest_first)
        if self.after is not None:
            start = self._start(self.after)
            ordered = [one for one in ordered if (name_of(one) < start if newest_first else name_of(one) > start)]
        page = ordered[: self.limit]
        return page, cursor_of(f"{self.where}\n{name_of(page[-1])}") if len(ordered) > self.limit else None

    def _start(self, after: str) -> str:
        where, _, name = name_in(after).partition("\n")
        if where != self.where:
            raise _wrong_place()
        return name


async def page_asked(request: Request, after: After = None, limit: Limit = LIMIT) -> PageAsked:
    return PageAsked(after, limit, request.url.path)


Paging = Annotated[PageAsked, Depends(page_asked)]


def cursor_of(name: str) -> str:
    return urlsafe_b64encode(name.encode()).decode()


def name_in(cursor: str) -> str:
    try:
        return b64decode(cursor.encode(), b"-_", validate=True).decode()
    except (Error, ValueError):
        raise _wrong_place() from None


def _wrong_place() -> Problem:
    detail = "next: what an answer of the same list gave as next is allowed."
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, because="wrong-place")
