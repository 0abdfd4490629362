"""What a request says is what its OpenAPI says: a number is no text, and no truth."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.web.acting import Place
from tests.web.office import Clock

NOT_OF = {"integer": (True, "60"), "number": (True, "1796050800"), "boolean": (1, "yes")}
BODIES_MIN = 15


def wrongly_said(openapi: dict[str, Any]) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Method, path, field, and the operation's example with that field of another type."""
    schemas = openapi["components"]["schemas"]
    for path, operations in openapi["paths"].items():
        for method in operations.keys() & {"post", "put"}:
            body = operations[method].get("requestBody", {}).get("content", {}).get("application/json")
            asked = schemas[body["schema"]["$ref"].rpartition("/")[2]] if body and "$ref" in body["schema"] else {}
            for field, said in asked.get("properties", {}).items():
                kinds = {said.get("type"), *(each.get("type") for each in said.get("anyOf", ()))} & NOT_OF.keys()
                for wrong in (each for kind in kinds for each in NOT_OF[kind]):
                    yield method, path, field, asked["examples"][0] | {field: wrong}


async def test_neither_text_nor_truth_is_taken_for_a_number_nor_these_for_a_truth(
    engine: AsyncEngine, clock: Clock
) -> None:
    place = await Place(engine, clock).open()
    browser = await place.browser("wang")
    asked = list(wrongly_said((await browser.get("/api/openapi.json")).json()))
    assert len({(method, path) for method, path, _, _ in asked}) >= BODIES_MIN
    for number, (method, path, field, body) in enumerate(asked):
        headers = {"Idempotency-Key": f"{number}", "If-Match": '"any"'}
        answer = await browser.request(method, path, json=body, headers=headers)
        assert answer.status_code == 422, f"{method} {path} {body}: {answer.text}"
        assert field in answer.json()["facts"]["fields"]
    await place.close()


async def test_what_is_said_of_what_was_read_may_have_been_changed_meanwhile(engine: AsyncEngine, clock: Clock) -> None:
    place = await Place(engine, clock).open()
    paths = (await (await place.browser("wang")).get("/api/openapi.json")).json()["paths"]
    tagged = {
        (method, path): each["responses"].keys()
        for path, operations in paths.items()
        for method, each in operations.items()
        if any(said["name"].lower() == "if-match" for said in each.get("parameters", ()))
    }
    assert ("post", "/api/day-loads") in tagged
    assert {of for of, answers in tagged.items() if "412" not in answers} == set()
    await place.close()
