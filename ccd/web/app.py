"""The web application, made of plain values: API, probes and pages."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI
from prometheus_client import CollectorRegistry

from ccd import __version__
from ccd.bank.statement import AgentAccount, StatementPage
from ccd.floor.days import SECOND
from ccd.org.people import Person, Session
from ccd.org.rights import WithBelow, led_units, ordered_units
from ccd.web.account_api import AgentFacts, account_api
from ccd.web.accounts import Accounts
from ccd.web.backoff import BackOff
from ccd.web.contract import SiteSaid
from ccd.web.described import ANYWHERE, describe
from ccd.web.guard import Guard
from ccd.web.organisation_api import ImportDesk, organisation_api
from ccd.web.pages import Pages
from ccd.web.probes import probes
from ccd.web.problems import speak_problems
from ccd.web.readings import watched
from ccd.web.session_api import session_api
from ccd.web.sessions import Sessions

PAGES = Path(__file__).with_name("pages")


@dataclass(frozen=True, slots=True)
class Web:
    """All that the application is made of.

    `site` is asked for at each look, so that a reload shows. `turn_out` is told the keys of sessions that are over.
    `importer_of` knows another system by its key. `missing` names what is not there yet or no more: ready is who misses
    nothing. `clock` is in epoch seconds. `more` are the routers of the bank's services, as the daemon has put them
    together.
    """

    accounts: Accounts
    sessions: Sessions
    back_off: BackOff
    clock: Callable[[], float]
    site: Callable[[], SiteSaid]
    units: Callable[[], Iterable[str]]
    with_below: WithBelow
    agent: Callable[[str], AgentFacts]
    account_of: Callable[[str], Awaitable[AgentAccount]]
    statement_of: Callable[[str, int | None, int], Awaitable[StatementPage]]
    turn_out: Callable[[Collection[str]], None]
    missing: Callable[[], Mapping[str, str]]
    registry: CollectorRegistry
    imports: ImportDesk
    importer_of: Callable[[str], Awaitable[Person]]
    more: Collection[APIRouter] = ()
    origins: Collection[str] = ()
    pages: Path = PAGES


def create_app(web: Web) -> FastAPI:
    """The ASGI application; the live channel is not in it but beside it (ccd.web.server)."""
    # The interactive pages about the API load scripts from elsewhere, which no page here may.
    app = FastAPI(
        title="ccd", version=__version__, openapi_url="/api/openapi.json", docs_url=None, redoc_url=None,
        responses=ANYWHERE, dependencies=[Depends(watched(web.sessions, lambda: round(web.clock() * SECOND)))],
    )  # fmt: skip
    app.include_router(
        session_api(web.accounts, web.sessions, web.back_off, web.clock, web.turn_out, _units_of(web), _leads(web))
    )
    app.include_router(account_api(web.sessions, web.site, web.agent, web.account_of, web.statement_of, _units_of(web)))
    app.include_router(organisation_api(web.sessions, web.imports, web.importer_of))
    for router in web.more:
        app.include_router(router)
    app.include_router(probes(web.missing, web.registry))
    pages = Pages(web.pages)
    for path in pages.paths():
        app.add_route(path, pages.answer, ["GET"], include_in_schema=False)
    speak_problems(app)
    describe(app)
    app.add_middleware(Guard, origins=web.origins)
    return app


def _units_of(web: Web) -> Callable[[Session], list[str]]:
    return lambda session: led_units(session.person, web.with_below, web.units())


def _leads(web: Web) -> Callable[[Session], list[str]]:
    return lambda session: ordered_units(session.person, web.with_below, web.units())
