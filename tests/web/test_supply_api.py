"""The balance of the system is for whoever leads units: of these, and no others."""

import pytest

from ccd.org.people import Person
from ccd.web.accounts import Accounts
from ccd.web.sessions import Sessions
from ccd.web.supply_api import EXAMPLE, SupplySaid, supply_api
from tests.web.office import UNITS, Clock, Office, with_below
from tests.web.test_api import check_problem

WHERE = "/api/supply"


@pytest.fixture
async def office(accounts: Accounts, sessions: Sessions, clock: Clock) -> Office:
    async def supply_of(month: str | None) -> SupplySaid:
        of_units = [EXAMPLE | {"unit": unit} for unit in (*UNITS, "")]
        said = {"month": month or "2026-12", "units": of_units, "warnings": dict.fromkeys(UNITS, "too much")}
        return SupplySaid.model_validate(said)

    def units_of(person: Person) -> list[str]:
        return list(UNITS) if "*" in person.units else sorted(with_below(person.units))

    return Office(accounts, sessions, clock, more=[supply_api(sessions, supply_of, units_of)])


async def test_who_leads_units_is_told_of_these(office: Office) -> None:
    await office.sign_in("lead")
    answer = await office.client.get(WHERE)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    told = answer.json()
    assert told["month"] == "2026-12"
    assert [one["unit"] for one in told["units"]] == ["team-1", "team-2"]
    assert told["units"][0] == EXAMPLE
    assert told["warnings"].keys() == {"team-1", "team-2"}


async def test_a_month_is_named_as_one(office: Office) -> None:
    await office.sign_in("boss")
    assert (await office.client.get(WHERE, params={"month": "2026-11"})).json()["month"] == "2026-11"
    check_problem(await office.client.get(WHERE, params={"month": "2026-13"}), 422)


async def test_an_agent_is_told_of_none_and_a_stranger_nothing(office: Office) -> None:
    check_problem(await office.client.get(WHERE), 401)
    await office.sign_in("陈静")
    assert (await office.client.get(WHERE)).json() == {"month": "", "units": [], "warnings": {}}
