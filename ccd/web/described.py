"""What the API says of itself, beyond what its routes say."""

from collections.abc import Iterator
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
