"""What the API says of itself, beyond what its routes say."""

from collections.abc import Collection, Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

from ccd.web.contract import ProblemSaid
from ccd.web.problems import MEDIA_TYPE

PROBLEM = "#/components/schemas/ProblemSaid"

# What any route may answer: nobody's request, one that is not allowed, too long, or not to be understood; no database.
ANYWHERE: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemSaid}
    for status in (
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.SERVICE_UNAVAILABLE,
    )
}

PROBLEM_SAID: dict[str, Any] = {"model": ProblemSaid}
MISSING: dict[int | str, dict[str, Any]] = {HTTPStatus.NOT_FOUND: PROBLEM_SAID}
REPLAYED = "Idempotency-Replayed"
REPLAYED_SAID: dict[str, Any] = {
    REPLAYED: {
        "description": "`true` where it was answered before under this key, and nothing was done again",
        "schema": {"type": "string"},
    }
}
UNDER_A_TAG: dict[int | str, dict[str, Any]] = {HTTPStatus.PRECONDITION_FAILED: PROBLEM_SAID}
OF_RULES = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
OF_EDITING = (HTTPStatus.PRECONDITION_FAILED, HTTPStatus.PRECONDITION_REQUIRED)


def answers_of(methods: Collection[str], status: int) -> dict[int | str, dict[str, Any]]:
    """What the bank's routes may answer besides: rules' refusals; what is put, that somebody else was there before; an
    act, that it was answered before."""
    refusals = OF_RULES + (OF_EDITING if "PUT" in methods else ())
    done: dict[int | str, dict[str, Any]] = {status: {"headers": REPLAYED_SAID}} if "POST" in methods else {}
    return {**dict.fromkeys(refusals, PROBLEM_SAID), **done}


def describe(app: FastAPI) -> None:
    """Problems are told as application/problem+json."""
    of_routes = app.openapi

    def openapi() -> dict[str, Any]:
        said = of_routes()
        for answer in _answers(said):
            content = answer.get("content", {})
            if content.get("application/json", {}).get("schema", {}).get("$ref") == PROBLEM:
                content[MEDIA_TYPE] = content.pop("application/json")
        return said

    app.openapi = openapi  # type: ignore[method-assign] # as FastAPI says to


def _answers(said: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in said["paths"].values():
        for operation in operations.values():
            yield from operation["responses"].values()
