"""What is refused has a type, which says what is told with it; pages word each in both languages."""

import ast
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from ccd.errors import ActNotAllowedError, CapPassedError, OffsetError
from ccd.errors.types import NO_TYPE, OF_STATUS, TYPES, URN
from ccd.settings import Policy
from ccd.settings.policy_page import keys_of
from ccd.web.idempotency import NEVER, NOT_SO
from ccd.web.problems import problem_of, speak_problems
from tests.web.office import Office

HERE = Path(__file__).parents[2]
TEXTS = HERE / "agent_web" / "src" / "texts"
LANGUAGES = ("zh", "en")
WORDS = re.compile(r'^  "?([\w.-]+)"?:\s+"(.*)",$', re.MULTILINE)
BEHIND = {"NotAllowedError": 3, "ActNotAllowedError": 3, "ReportError": 1}  # arguments before the type; else 2
SAYS_ENOUGH = {401, 403, 404, 412, 413, 428, 429, 500, 503}  # statuses whose own type has words of its own
OF_SETTINGS = HERE / "ccd" / "bank" / "policy.py"  # what `_check…` there refuses is a configuration, before any page


def words_of(name: str) -> dict[str, str]:
    return dict(WORDS.findall((TEXTS / name).read_text()))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_type_has_words_that_say_no_more_than_is_told_with_it(language: str) -> None:
    words = words_of(f"refusals_{language}.ts")
    assert words.keys() == TYPES.keys()
    for known, sentence in words.items():
        assert set(re.findall(r"\{(\w+)\}", sentence)) <= {*TYPES[known], "detail"}, known


def test_each_key_of_a_policy_has_a_name_in_both_languages_and_its_reason_in_chinese() -> None:
    names, reasons = ((TEXTS / "policy_zh.ts").read_text().split("export")[number] for number in (1, 2))
    keys = [one.key for one in keys_of(Policy())]
    for said in (names, reasons, (TEXTS / "policy_en.ts").read_text()):
        assert list(dict(WORDS.findall(said))) == keys


async def test_the_api_documents_each_type_and_what_it_tells(office: Office) -> None:
    schema = (await office.client.get("/api/openapi.json")).json()["components"]["schemas"]["ProblemSaid"]
    assert schema["properties"]["type"]["enum"] == [*(URN + known for known in TYPES), NO_TYPE]
    assert schema["properties"]["facts"]["x-facts-of-types"]["urn:ccd:offset-not-yet"] == ["opens"]


def test_whatever_is_raised_with_a_type_tells_the_facts_of_that_type() -> None:
    found = list(raised())
    for where, known, facts in found:
        assert known in TYPES, where
        assert facts == set(TYPES[known]), where
    of_classes = {error.because for error in (*NOT_SO, *NEVER) if error.because}
    elsewhere = {"key-taken", "not-allowed", *of_classes, *OF_STATUS.values()}
    assert {known for _, known, _ in found} | elsewhere == TYPES.keys()


def raised() -> Iterator[tuple[str, str, set[str]]]:
    """Where, of which type, and with which facts."""
    for file in (HERE / "ccd").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                where = f"{file}:{node.lineno}"
                if node.func.id in ("Problem", "problem_response"):
                    said = {each.arg: each.value for each in node.keywords}
                    if isinstance(of := said.get("because"), ast.Constant):
                        yield where, str(of.value), _keys(said.get("facts"))
                elif node.func.id.endswith("Error"):
                    at = BEHIND.get(node.func.id, 2)
                    of = node.args[at] if len(node.args) > at else None
                    if isinstance(of, ast.Constant) and of.value in TYPES:
                        yield where, str(of.value), {each.arg for each in node.keywords if each.arg}


def test_whatever_a_rule_refuses_over_http_has_a_type_of_its_own() -> None:
    assert list(untyped()) == []


def untyped() -> Iterator[str]:
    """Where something is refused without a type, and a page could only show what the server says in English."""
    refusals = {error.__name__ for error in (*NOT_SO, *NEVER) if not error.because}
    at_a_prompt = {OF_SETTINGS, *(HERE / "ccd" / "commands").rglob("*.py")}
    for file in set((HERE / "ccd").rglob("*.py")) - at_a_prompt:
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            name = node.func.id
            if name == "Problem":
                has = any(each.arg == "because" for each in node.keywords)
                if not has and HTTPStatus[ast.unparse(node.args[0]).rpartition(".")[2]] not in SAYS_ENOUGH:
                    yield f"{file}:{node.lineno}"
            elif name in refusals and len(node.args) <= BEHIND.get(name, 2):
                yield f"{file}:{node.lineno}"


async def test_a_field_that_can_not_be_so_is_told_by_its_name(office: Office) -> None:
    answer = await office.client.post("/api/session", json={"name": 7})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:ccd:invalid-fields")
    assert answer.json()["facts"] == {"fields": ["name", "password"]}


def _keys(said: ast.expr | None) -> set[str]:
    return (
        {str(key.value) for key in said.keys if isinstance(key, ast.Constant)} if isinstance(said, ast.Dict) else set()
    )


async def refused_as(error: Exception) -> dict[str, Any]:
    app = FastAPI()

    @app.get("/")
    async def refuse() -> None:
        raise error

    speak_problems(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ccd") as client:
        return dict((await client.get("/")).json())


async def test_a_refusal_is_told_by_its_type_with_its_facts_and_in_a_sentence() -> None:
    refused = OffsetError(
        "1007", "has 300 s to give, and 400 s are asked", "offset-beyond-balance", balance_s=300, asked_s=400
    )
    assert await refused_as(problem_of(HTTPStatus.CONFLICT, refused)) == {
        "type": "urn:ccd:offset-beyond-balance", "title": "Conflict", "status": 409,
        "detail": "1007 has 300 s to give, and 400 s are asked", "facts": {"balance_s": 300, "asked_s": 400},
    }  # fmt: skip
    cap = problem_of(HTTPStatus.CONFLICT, CapPassedError("packet 1", "team-1", "2026-11", 3_600, 3_000, 900))
    facts = {"unit": "team-1", "cap_s": 3_600, "given_s": 3_000, "asked_s": 900, "left_s": 600}
    assert (await refused_as(cap))["facts"] == facts
    own = ActNotAllowedError("wang", "rule on the own account (1001)", "somebody else does it", "own-account")
    assert (await refused_as(own))["type"] == "urn:ccd:own-account"


@pytest.mark.parametrize(("status", "known"), [(404, "not-found"), (409, "not-so"), (428, "not-read")])
async def test_without_a_type_of_its_own_a_refusal_has_that_of_its_status(status: int, known: str) -> None:
    error = OffsetError("1007", "can't")
    assert await refused_as(problem_of(HTTPStatus(status), error)) | {"title": ""} == {
        "type": URN + known, "title": "", "status": status, "detail": "1007 can't", "facts": {},
    }  # fmt: skip
