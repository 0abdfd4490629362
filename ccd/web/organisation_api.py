"""Which units there are, who sits where, and who is there for what, for who may say so: read, and put in place of what
was there, under the number that was read."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Body, Header, Query, Request, Response
from pydantic import BaseModel

from ccd.errors import ChangedMeanwhileError, FaultsError, ImportFaultsError
from ccd.org.csv_faults import decoded
from ccd.org.people import Person
from ccd.org.rights import may_import, may_read
from ccd.org.store import HOLIDAYS, ORGANISATION, PEOPLE, ROSTER, KeptImport
from ccd.web.bearer import Key
from ccd.web.client import address_of
from ccd.web.described import MISSING, PROBLEM_SAID
from ccd.web.problems import Problem
from ccd.web.session_api import Token, signed_in
from ccd.web.sessions import Sessions

CSV = "text/csv; charset=utf-8"
NUMBER_DIGITS_MAX = 9
WHY_CHARACTERS_MAX = 1_000
EXAMPLES = {
    ROSTER: "agent,interface,member_name,unit\n",
    ORGANISATION: "unit,kind,parent,name,timezone,day_starts_at,country,from,to\ncentre,centre,,,,,,,\n",
    HOLIDAYS: "country,day,kind,name\nCN,2026-02-14,workday,春节调休\n",
    PEOPLE: "person,name,agent,role,unit,from,to,deputy_of\nli,Li Wei,,hotline_manager,*,,,\n",
}


class Importer(NamedTuple):
    """Who asks for an import, from where, and why."""

    by: str
    address: str
    why: str


class ImportSaid(BaseModel):
    """What an import changes, or would: `number` is that of the import that holds then; of a roster, and of
    people whose share of a contract is another, `since` is a moment with its zone, or "ever". Where it says something
    else of days that were measured, or takes somebody out of who administers all units, and another administrator has
    to agree (202), `effect` says what it would do, and `change` which change it is: nothing of it holds yet.
    `warnings`: what can be so, and is probably not meant, as a roster's line in a unit that is none, or that a login is
    again what it was made with, since people's lines leave out whose it is."""

    number: int
    lines: list[str]
    new: int
    changed: int
    gone: int
    since: str | None
    measured_days: int
    change: str | None = None
    effect: dict[str, Any] | None = None
    warnings: list[str] = []


@dataclass(frozen=True, slots=True)
class ImportDesk:
    """Both are given the kind (ccd.org.store); `take` also the text, the number of the import that it replaces (0:
    none), who asks, and whether it is only looked at. FaultsError, ChangedMeanwhileError: nothing was imported."""

    newest: Callable[[str], Awaitable[KeptImport | None]]
    take: Callable[[str, str, int, Importer, bool], Awaitable[ImportSaid]]


PATHS = {"/roster": ROSTER, "/units": ORGANISATION, "/people": PEOPLE, "/holidays": HOLIDAYS}
FOUND: dict[int | str, dict[str, Any]] = {
    HTTPStatus.OK: {"content": {"text/csv": {"schema": {"type": "string"}}}},
    **MISSING,
}
TAKEN: dict[int | str, dict[str, Any]] = {
    HTTPStatus.ACCEPTED: {"model": ImportSaid, "description": "It waits for another administrator to agree"},
    HTTPStatus.PRECONDITION_FAILED: PROBLEM_SAID,
    HTTPStatus.PRECONDITION_REQUIRED: PROBLEM_SAID,
}


def organisation_api(
    sessions: Sessions, desk: ImportDesk, importer_of: Callable[[str], Awaitable[Person]]
) -> APIRouter:
    """`importer_of` says who speaks with a key of the scope `import`: rosters come from other systems, too."""
    router = APIRouter(prefix="/api/organisation")
    for path, kind in PATHS.items():
        _of_kind(router, path, kind, sessions, desk, importer_of if kind == ROSTER else None)
    return router


def _of_kind(
    router: APIRouter, path: str, kind: str, sessions: Sessions, desk: ImportDesk,
    importer_of: Callable[[str], Awaitable[Person]] | None,
) -> None:  # fmt: skip
    async def who(token: str | None, said: str | None) -> Person:
        if token is None and said is not None and importer_of is not None:
            return await importer_of(said)
        return (await signed_in(sessions, token)).person

    @router.get(path, responses=FOUND, response_class=Response, name=f"read_{kind}")
    async def read(token: Token = None, authorization: Key = None) -> Response:
        """What was imported last, to the last sign as it was. Its ETag is the number of the import."""
        person = await who(token, authorization)
        may_read(person, lambda: may_import(person))
        kept = await desk.newest(kind)
        if kept is None:
            detail = f'Nothing of the {kind} was imported yet. The first import goes in place of "0".'
            raise Problem(HTTPStatus.NOT_FOUND, detail)
        headers = {"ETag": _tag(kept.number)}
        return Response(kept.text.encode(), media_type=CSV, headers=headers)

    @router.put(path, responses=TAKEN, name=f"put_{kind}")
    async def put(
        request: Request,
        response: Response,
        text: Annotated[bytes, Body(media_type="text/csv", examples=[EXAMPLES[kind]])],
        why: Annotated[str, Query(min_length=1, max_length=WHY_CHARACTERS_MAX, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")],
        if_match: Annotated[str | None, Header(description='The ETag of what was read, "0" where none was')] = None,
        dry_run: Annotated[bool, Query(description="Import nothing, and say what would change")] = False,
        token: Token = None,
        authorization: Key = None,
    ) -> ImportSaid:
        """Import in place of what was read: all lines or, with every fault named, none.

        202: of days that were measured it says something else, and another administrator has to agree first
        (`POST /api/changes/decisions`). 412: something else was imported meanwhile. 422: `errors` has each fault, with
        line and column. A roster is also taken of a key for all units with the scope `import` (`Authorization:
        Bearer`).
        """
        person = await who(token, authorization)
        may_import(person)
        asked = Importer(person.name, address_of(request), why.strip())
        with _told_as_problems():
            said = decoded(text, Path(kind), ImportFaultsError)
            changed = await desk.take(kind, said, _number(if_match), asked, dry_run)
        if changed.change is not None:
            response.status_code = HTTPStatus.ACCEPTED
        response.headers["ETag"] = _tag(changed.number)
        return changed


@contextmanager
def _told_as_problems() -> Iterator[None]:
    """412 for what was imported meanwhile; 422 with each fault of a file."""
    try:
        yield
    except ChangedMeanwhileError as error:
        raise Problem(HTTPStatus.PRECONDITION_FAILED, str(error), {"ETag": _tag(error.number)}) from None
    except FaultsError as error:
        errors = [{"line": one.line, "column": one.key, "problem": one.problem} for one in error.faults]
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, str(error), more={"errors": errors}, because="file-faults",
            facts={"count": len(errors)},
        ) from None  # fmt: skip


def _tag(number: int) -> str:
    return f'"{number}"'


def _number(tag: str | None) -> int:
    if tag is None:
        detail = "If-Match: the ETag of what was read is needed, so that nobody's import is lost."
        raise Problem(HTTPStatus.PRECONDITION_REQUIRED, detail)
    number = tag.strip().removeprefix('"').removesuffix('"')
    if not (number.isascii() and number.isdecimal() and len(number) <= NUMBER_DIGITS_MAX):
        raise Problem(HTTPStatus.PRECONDITION_FAILED, "If-Match: one ETag, as it was read, is allowed.")
    return int(number)
