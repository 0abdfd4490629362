"""Which key another system speaks with (ccd.web.keys), as it stands in its request."""

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from fastapi import Header

from ccd.org.people import Duty, Office, Person, Role
from ccd.web.keys import ApiKey, ApiKeys, KeyScope
from ccd.web.problems import Problem

BEARER = "bearer "
NO_KEY = "A key is needed: Authorization: Bearer KEY. `ccd user key make` makes one."

Key = Annotated[str | None, Header(description="Bearer and the key", include_in_schema=False)]


async def key_that_opens(keys: ApiKeys, said: str | None, scope: KeyScope, at: int) -> ApiKey:
    """401 without one that opens something at a moment, µs, and 403 where it is not for this."""
    found = None
    if said is not None and said[: len(BEARER)].lower() == BEARER:
        found = await keys.of(said[len(BEARER) :].strip(), at)
    if found is None:
        raise Problem(HTTPStatus.UNAUTHORIZED, NO_KEY, {"WWW-Authenticate": "Bearer"})
    if scope not in found.scopes:
        raise Problem(HTTPStatus.FORBIDDEN, f"The key {found.name} is not for this: it has no scope {scope}.")
    return found


async def importer_of(keys: ApiKeys, said: str, at: int) -> Person:
    """Who imports with a key: in its units as an administrator, and as a clerk; of people it says nothing."""
    key = await key_that_opens(keys, said, KeyScope.IMPORT, at)
    duties = tuple(Duty(office, unit) for office in (Office.ADMINISTRATOR, Office.HR_CLERK) for unit in key.units)
    return replace(speaker(key), duties=duties)


def speaker(key: ApiKey) -> Person:
    """As acts name it; it has no right but what its scopes say."""
    return Person(f"key {key.name}", Role.SUPERVISOR)
