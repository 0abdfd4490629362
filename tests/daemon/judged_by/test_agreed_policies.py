"""A daemon at work takes a policy over as soon as a second administrator agrees, and goes on with the agreed ones until
then, whatever its files say."""

from uuid import uuid4

import pytest

from ccd.bank.asking import Asking
from ccd.daemon.judged_by.deciding import Deciding
from ccd.daemon.judged_by.imported import imported, imported_before
from ccd.daemon.judged_by.publishing import publish
from ccd.daemon.site import Site as Described
from ccd.org.people import ALL_UNITS, Duty, Office, Person, Role
from tests.daemon.judged_by.test_imported_people import put, signed_in
from tests.daemon.judged_by.test_imported_roster import first_import
from tests.daemon.test_reloading import Site, living, site

__all__ = ["site"]

PEOPLE = "person,name,agent,role,unit,from,to,deputy_of\nli,,,administrator,*,,,\nwang,,,administrator,*,,,\n"
NEXT = "[[policy]]\nfrom = 2099-01-01\nrate_ppm = 1\n"
LI, WANG = (Person(name, Role.SUPERVISOR, duties=(Duty(Office.ADMINISTRATOR, ALL_UNITS),)) for name in ("li", "wang"))


def asking(person: Person) -> Asking:
    return Asking(uuid4().hex, person, "desk-1", 1)


async def test_a_policy_of_the_files_holds_once_it_is_agreed_to(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccd.daemon.judged_by.imported.LOOKS_EVERY_S", 0.05)

    def now() -> Described:
        return site.made.current.site

    boss = Person("boss", Role.SUPERVISOR, None, ("*",))
    async with living(site, await first_import(site)), signed_in(site, boss) as (browser,):
        engine = site.made.engine
        assert [one.by for one in (await imported(engine)).published.changes] == ["the configuration"]
        assert (await put(browser, "people", PEOPLE, '"0"')).status_code == 200
        await site.until(lambda: now().needs_second)
        site.write(NEXT, roster="")
        assert await site.reload() == []
        assert [one.rate_ppm for one in now().settings.policy] == [37_000]
        assert len(now().waiting) == 1
        shown = [(version, {"history": "none"}) for version in now().published.lacks(now().wished)]
        (change,) = await publish(engine, now(), asking(LI), shown, "as the works council agreed")
        await Deciding(engine, lambda kept: Described(now().settings, *kept)).agree(
            now(), asking(WANG), change.number, "read it"
        )
        await site.until(lambda: [one.rate_ppm for one in now().settings.policy] == [37_000, 1])
        assert now().waiting == []
        before = Described(now().wished, *await imported_before(engine))
        assert [one.rate_ppm for one in before.settings.policy] == [37_000], "without what was agreed to last"
