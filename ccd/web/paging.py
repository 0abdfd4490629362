"""Lists that are read page by page: `next` of what was read before asks for what comes after it."""

from base64 import b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Annotated, TypeVar

from fastapi import Query

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


def paged(found: Iterable[T], name_of: Callable[[T], str], after: str | None, limit: int) -> tuple[list[T], str | None]:
    """In the order of their names, no two of which are the same: whatever comes or goes between two pages, nobody who
    stays is told of twice or left out."""
    start = None if after is None else name_in(after)
    ordered = sorted((one for one in found if start is None or name_of(one) > start), key=name_of)
    page = ordered[:limit]
    return page, cursor_of(name_of(page[-1])) if len(ordered) > limit else None


def cursor_of(name: str) -> str:
    return urlsafe_b64encode(name.encode()).decode()


def name_in(cursor: str) -> str:
    try:
        return b64decode(cursor.encode(), b"-_", validate=True).decode()
    except (Error, ValueError):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "next: what an answer gave as next is allowed.") from None
