"""The HTTP contract between server and pages."""

import gzip
from pathlib import Path
from typing import Any

import httpx
import pytest

from ccd.org.people import Person, Role
from ccd.web.accounts import Accounts
from ccd.web.pages import VIEWS
from ccd.web.sessions import Sessions, session_key
from tests.web.office import PASSWORD, SESSION_S, Clock, Office


def check_problem(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    said: dict[str, Any] = response.json()
    assert said["status"] == status
    assert said["title"]
    assert said["detail"]
    return said


async def test_signing_in_says_who_one_is_and_sets_a_cookie_that_scripts_can_not_read(office: Office) -> None:
    answer = await office.sign_in("lead")
    assert answer.status_code == 200
    said = {"name": "lead", "role": "supervisor", "agent": None}
    assert answer.json() == said | {"units": ["team-1", "team-2"], "leads": ["team-1", "team-2"]}
    cookie = answer.headers["set-cookie"]
    for part in ("ccd_session=", "HttpOnly", "SameSite=strict", "Path=/", f"Max-Age={SESSION_S:.0f}"):
        assert part in cookie
    assert "Secure" not in cookie
    assert (await office.client.get("/api/session")).json() == answer.json()


async def test_a_token_that_was_brought_along_is_never_made_good(office: Office) -> None:
    office.client.cookies.set("ccd_session", "chosen by somebody else")
    given = (await office.sign_in("lead")).cookies["ccd_session"]
    assert given != "chosen by somebody else"
    other = office.browser()
    other.cookies.set("ccd_session", "chosen by somebody else")
    check_problem(await other.get("/api/session"), 401)


async def test_who_signs_in_where_another_one_was_signed_in_takes_the_browser_over(office: Office) -> None:
    left = (await office.sign_in("lead")).cookies["ccd_session"]
    assert office.turned_out == []
    assert (await office.sign_in("陈静")).json()["role"] == "agent"
    assert office.turned_out == [session_key(left)]
    other = office.browser()
    other.cookies.set("ccd_session", left)
    check_problem(await other.get("/api/session"), 401)


async def test_over_tls_the_cookie_is_for_tls_only(office: Office) -> None:
    async with office.browser(base="https://floor.example.org") as browser:
        answer = await browser.post("/api/session", json={"name": "lead", "password": PASSWORD})
    assert "Secure" in answer.headers["set-cookie"]
    assert "max-age" in answer.headers["strict-transport-security"]


async def test_an_agent_and_a_leader_of_everything_say_so(office: Office) -> None:
    said = {"name": "陈静", "role": "agent", "agent": "1001", "units": [], "leads": []}
    assert (await office.sign_in("陈静")).json() == said
    assert (await office.sign_in("boss")).json()["units"] == ["centre", "team-1", "team-2", "team-3"]


async def test_a_wrong_password_and_an_unknown_name_are_told_alike(office: Office) -> None:
    wrong = check_problem(await office.sign_in("lead", "wrong"), 401)
    assert check_problem(await office.sign_in("nobody"), 401) == wrong


async def test_many_wrong_passwords_are_kept_waiting_then_let_in_again(office: Office, clock: Clock) -> None:
    for _ in range(5):
        check_problem(await office.sign_in("lead", "wrong"), 401)
    refused = await office.sign_in("lead")
    said = check_problem(refused, 429)
    assert int(refused.headers["retry-after"]) == said["retry_after_s"] == 1
    clock.now += 1
    assert (await office.sign_in("lead")).status_code == 200


async def test_signing_out_ends_the_session_and_its_live_connections(office: Office) -> None:
    await office.sign_in("lead")
    token = office.client.cookies["ccd_session"]
    answer = await office.client.delete("/api/session")
    assert answer.status_code == 204
    assert len(office.turned_out) == 1
    check_problem(await office.client.get("/api/session"), 401)
    async with office.browser() as thief:
        check_problem(await thief.get("/api/session", headers={"Cookie": f"ccd_session={token}"}), 401)
    assert (await office.client.delete("/api/session")).status_code == 204


@pytest.mark.parametrize("path", ["/api/session", "/api/site", "/api/me", "/api/me/statement"])
async def test_nobody_is_told_anything_without_a_session(office: Office, path: str) -> None:
    check_problem(await office.client.get(path), 401)
    office.client.cookies.set("ccd_session", "guessed")
    check_problem(await office.client.get(path), 401)


async def test_the_site_is_told_to_who_is_signed_in(office: Office) -> None:
    await office.sign_in("lead")
    said = (await office.client.get("/api/site")).json()
    assert said["units"] == [
        {"unit": "team-1", "name": "一班", "timezone": "Asia/Shanghai", "day_starts_at": "04:00:00"},
        {"unit": "team-2", "name": "二班", "timezone": "Asia/Urumqi", "day_starts_at": "00:00:00"},
    ]
    assert said["reasons"]["toilet"]["personal"] is True
    assert (said["nudge_left_s"], said["nudge_pause_s"], said["pause_threshold_s"]) == (120, 900, 600)


async def test_a_supervisor_is_told_of_no_other_units(office: Office, accounts: Accounts) -> None:
    await accounts.add(Person("other", Role.SUPERVISOR, units=("team-2",)), PASSWORD)
    await office.sign_in("other")
    said = (await office.client.get("/api/site")).json()
    assert [unit["unit"] for unit in said["units"]] == ["team-2"]


async def test_an_agent_is_told_of_the_own_unit_alone(office: Office) -> None:
    await office.sign_in("陈静")
    said = (await office.client.get("/api/site")).json()
    assert [unit["unit"] for unit in said["units"]] == ["team-1"]


async def test_an_agents_page_has_the_account_and_the_newest_lines(office: Office) -> None:
    await office.sign_in("陈静")
    said = (await office.client.get("/api/me")).json()
    assert (said["agent"], said["name"], said["unit"], said["balance"]) == ("1001", "陈静", "team-1", 1_200)
    assert set(said["accounts"]) == {"savings", "gift", "interest", "overtime", "reserved", "leave"}
    assert said["policy"] == {
        "rate_ppm": 37_000, "expected_base_s": 28_800, "base_s_max": 43_200,
        "allowance_min_s": 0, "overdraft_takes": ["savings"],
    }  # fmt: skip
    assert len(said["lines"]) == 20
    assert said["lines"][0] == {
        "transfer": "1001-45", "day": "2026-11-01", "recorded_at": 1_795_000_000.0, "service": "savings",
        "amount": 465, "leave": 0, "balance_after": 4_500, "text": "", "by": "",
        "facts": {"revision": 1, "base": 28_800.0, "rate_ppm": 37_000},
    }  # fmt: skip


async def test_a_statement_is_read_page_by_page_to_its_end(office: Office) -> None:
    await office.sign_in("陈静")
    said = (await office.client.get("/api/me")).json()
    lines, cursor = said["lines"], said["next"]
    while cursor:
        part = (await office.client.get("/api/me/statement", params={"before": cursor, "limit": 10})).json()
        lines, cursor = lines + part["lines"], part["next"]
    assert [line["transfer"] for line in lines] == [f"1001-{number}" for number in range(45, 0, -1)]


@pytest.mark.parametrize("query", ["before=x", "before=-1", "before=" + "9" * 30, "limit=0", "limit=1000"])
async def test_a_cursor_that_nobody_gave_is_refused(office: Office, query: str) -> None:
    await office.sign_in("陈静")
    check_problem(await office.client.get(f"/api/me/statement?{query}"), 422)


async def test_a_supervisor_has_no_agents_page(office: Office) -> None:
    await office.sign_in("lead")
    check_problem(await office.client.get("/api/me"), 403)
    check_problem(await office.client.get("/api/me/statement"), 403)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://floor:8080"}, 200),
        ({"Origin": "https://floor:8080"}, 200),  # a proxy ends TLS
        ({"Origin": "https://floor.example.org"}, 200),
        ({"Origin": "https://evil.example.org"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Origin": "http://floor:8080.evil.example.org"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
async def test_only_our_own_pages_may_write(office: Office, headers: dict[str, str], status: int) -> None:
    login = {"name": "lead", "password": PASSWORD}
    answer = await office.client.post("/api/session", json=login, headers=headers)
    assert answer.status_code == status
    if status == 403:
        check_problem(answer, 403)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b'{"name": 1}', b'{"name": "x", "password": "' + b"y" * 2_000 + b'"}',
        b'{"name": "a\\u0000b", "password": "whatever"}', b'{"name": "\\ud800", "password": "whatever"}',
    ],
)  # fmt: skip
async def test_a_login_that_is_none_is_a_problem(office: Office, body: bytes) -> None:
    answer = await office.client.post("/api/session", content=body, headers={"Content-Type": "application/json"})
    check_problem(answer, 422)


async def test_a_body_that_is_too_long_is_not_read(office: Office) -> None:
    check_problem(await office.client.post("/api/session", content=b"x" * 70_000), 413)

    async def endless() -> Any:
        for _ in range(100):
            yield b"x" * 10_000

    check_problem(await office.client.post("/api/session", content=endless()), 413)


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/api/nothing", 404), ("PUT", "/api/session", 405)])
async def test_what_is_not_there_is_a_problem_too(office: Office, method: str, path: str, status: int) -> None:
    check_problem(await office.client.request(method, path), status)


async def test_every_answer_has_strict_headers(office: Office) -> None:
    for answer in (await office.client.get("/healthz"), await office.client.get("/nothing"), await office.sign_in("x")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http:" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_who_asks_for_the_head_alone_is_answered_as_who_asks_for_all_without_a_body(office: Office) -> None:
    await office.sign_in("陈静")
    for path in ("/api/site", "/api/me", "/api/me/statement", "/api/organisation/roster", "/healthz", "/api/nowhere"):
        whole, head = await office.client.get(path), await office.client.head(path)
        assert (head.status_code, head.content) == (whole.status_code, b""), path
        assert head.headers == whole.headers, path


async def test_probes_and_metrics(office: Office) -> None:
    assert (await office.client.get("/healthz")).json() == {"status": "ok"}
    assert (await office.client.get("/readyz")).status_code == 200
    office.missing["redis"] = "away since 10:15"
    answer = await office.client.get("/readyz")
    assert (answer.status_code, answer.json()["missing"]) == (503, {"redis": "away since 10:15"})
    assert "ccd_events_total 3.0" in (await office.client.get("/metrics")).text


async def test_the_api_describes_itself(office: Office) -> None:
    said = (await office.client.get("/api/openapi.json")).json()
    assert set(said["paths"]) == {
        "/api/session", "/api/site", "/api/me", "/api/me/statement", "/api/organisation/roster",
        "/api/organisation/units", "/api/organisation/people", "/api/organisation/holidays",
    }  # fmt: skip


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html>" + "<p>page</p>" * 200)
    (tmp_path / "icon.svg").write_text("<svg/>")
    (tmp_path / "assets" / "main-1a2b.js").write_text("let a = 1;\n" * 500)
    (tmp_path / "assets" / "main-1a2b.js.br").write_bytes(b"as built")
    (tmp_path / ".built-from").write_text("not to be seen")
    return tmp_path


async def test_pages_are_sent_small_and_kept_as_long_as_they_hold(
    accounts: Accounts, sessions: Sessions, clock: Clock, built: Path
) -> None:
    office = Office(accounts, sessions, clock, built)
    for view in VIEWS:
        page = await office.client.get(view, headers={"Accept-Encoding": "gzip"})
        assert (page.status_code, page.headers["content-encoding"]) == (200, "gzip")
        assert page.headers["cache-control"] == "no-cache"
        assert page.text.startswith("<!doctype html>")
        again = await office.client.get(view, headers={"If-None-Match": page.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    script = await office.client.get("/assets/main-1a2b.js", headers={"Accept-Encoding": "identity"})
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert script.text == "let a = 1;\n" * 500
    for path in ("/.built-from", "/assets/main-1a2b.js.br", "/../pyproject.toml", "/index.html", "/assets/"):
        assert (await office.client.get(path)).status_code == 404
    await office.client.aclose()


async def test_the_smallest_form_that_a_browser_takes_is_sent(
    accounts: Accounts, sessions: Sessions, clock: Clock, built: Path
) -> None:
    office = Office(accounts, sessions, clock, built)
    script = (built / "assets" / "main-1a2b.js").read_bytes()
    for takes, sent in (("br, gzip;q=0.5", "br"), ("gzip", "gzip"), ("gzip;q=0", None), ("", None)):
        request = office.client.build_request("GET", "/assets/main-1a2b.js", headers={"Accept-Encoding": takes})
        answer = await office.client.send(request, stream=True)
        raw = b"".join([part async for part in answer.aiter_raw()])
        assert answer.headers.get("content-encoding") == sent
        assert raw == (b"as built" if sent == "br" else gzip.compress(script, 9, mtime=0) if sent else script)
    await office.client.aclose()


@pytest.mark.parametrize("path", ["/api/me", "/api/openapi.json", "/api/there/is/nothing"])
async def test_nothing_that_the_api_says_is_kept_on_the_way(office: Office, path: str) -> None:
    await office.sign_in("1001")
    assert (await office.client.get(path)).headers["cache-control"] == "no-store"
