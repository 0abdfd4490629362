"""The server of pages, API and live channel, with what the daemon knows behind it."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from fastapi import APIRouter
from prometheus_client import CollectorRegistry

from ccd.bank.statement import agent_account, agent_statement
from ccd.daemon.explained.explaining import explaining
from ccd.daemon.judged_by.corrected_holidays import holidays_of
from ccd.daemon.served.attendance import attendance_desk
from ccd.daemon.served.overtime import OvertimeShown
from ccd.daemon.served.routers import bank_routers
from ccd.daemon.served.today import Today
from ccd.daemon.services.budgets import proposals_of
from ccd.daemon.services.supplying import Supplying
from ccd.daemon.services.withdrawals import outlook_of
from ccd.daemon.site import Current
from ccd.ledger.books import Ledger
from ccd.live.channel import Channel
from ccd.live.gate import Gate
from ccd.live.hub import Hub, HubLimits
from ccd.org.people import Person
from ccd.org.rights import led_units
from ccd.settings import Http
from ccd.web.accounts import Accounts
from ccd.web.app import Web, create_app
from ccd.web.attendance_api import attendance_api
from ccd.web.backoff import BackOff
from ccd.web.bearer import importer_of
from ccd.web.explain_api import explain_api
from ccd.web.holidays_api import holidays_api
from ccd.web.keys import ApiKeys
from ccd.web.organisation_api import ImportDesk
from ccd.web.overtime_api import overtime_api
from ccd.web.proposals_api import proposals_api
from ccd.web.server import PageServer, Tls
from ccd.web.session_api import COOKIE
from ccd.web.sessions import Sessions
from ccd.web.supply_api import SupplySaid, supply_api
from ccd.web.today_api import today_api
from ccd.web.withdrawals_api import withdrawals_api


class Entrance(NamedTuple):
    """Who may sign in, who has, and who is turned out."""

    accounts: Accounts
    sessions: Sessions
    gate: Gate


class Watched(NamedTuple):
    """How the daemon is, for whatever watches it: what it is `missing`, and why."""

    missing: Callable[[], Mapping[str, str]]
    registry: CollectorRegistry


def page_server(http: Http, web: Web, hub: Hub, gate: Gate) -> PageServer:
    channel = Channel(hub, gate, web.with_below, COOKIE, http.origins)
    tls = Tls(http.tls.certificate, http.tls.key) if http.tls else None
    return PageServer(create_app(web), channel, http.host, http.port, tls)


def web_of(
    current: Current,
    now: Callable[[], int],
    ledger: Ledger,
    entrance: Entrance,
    watched: Watched,
    imports: ImportDesk,
) -> Web:
    """`now` is the floor's time in µs. People sign in by the clock on the wall, whatever the floor's is."""
    accounts, sessions, gate = entrance
    keys, overtime = ApiKeys(ledger.engine), OvertimeShown(ledger, current, now)
    return Web(
        accounts=accounts,
        sessions=sessions,
        back_off=BackOff(),
        clock=time.time,
        site=lambda: current.shown.said(now()),
        units=lambda: current.site.rostered_units,
        with_below=lambda units: current.site.with_below(units, now()),
        agent=lambda agent: current.site.agent_facts(agent, now()),
        account_of=lambda agent: agent_account(ledger, agent),
        statement_of=lambda agent, before, limit: agent_statement(ledger, agent, before, limit),
        turn_out=gate.turn_out,
        missing=watched.missing,
        registry=watched.registry,
        imports=imports,
        importer_of=lambda said: importer_of(keys, said, now()),
        more=[
            _proposals(current, now, ledger),
            _calendar(current, sessions, ledger),
            overtime_api(sessions, overtime.of),
            holidays_api(sessions, holidays_of(ledger.engine)),
            today_api(sessions, Today(ledger.engine, current, now).of),
            explain_api(sessions, explaining(current, ledger.engine)),
            _supply(current, now, sessions, ledger),
            attendance_api(sessions, keys, attendance_desk(current, ledger.engine), now),
            *bank_routers(sessions, current, ledger, overtime, now),
        ],
        origins=current.site.settings.http.origins,
    )


def _supply(current: Current, now: Callable[[], int], sessions: Sessions, ledger: Ledger) -> APIRouter:
    async def supply_of(month: str | None) -> SupplySaid:
        site = current.site
        found = await Supplying(ledger, site, now).of(month)
        said = [one.said(site.settings.supply.rush_worth) for one in found.units]
        return SupplySaid.model_validate({"month": found.month, "units": said, "warnings": found.warnings()})

    def units_of(person: Person) -> Iterable[str]:
        return led_units(person, lambda units: current.site.with_below(units, now()), current.site.all_units)

    return supply_api(sessions, supply_of, units_of)


def _proposals(current: Current, now: Callable[[], int], ledger: Ledger) -> APIRouter:
    return proposals_api(
        ApiKeys(ledger.engine),
        lambda: proposals_of(ledger, current.site),
        lambda units: current.site.with_below(units, now()),
        now,
    )


def _calendar(current: Current, sessions: Sessions, ledger: Ledger) -> APIRouter:
    return withdrawals_api(sessions, lambda agent, first, last: outlook_of(ledger, current.site, agent, first, last))


def hub_limits(http: Http) -> HubLimits:
    return HubLimits(
        frame_interval_s=http.frame_interval_s, heartbeat_s=http.heartbeat_s, connections_max=http.connections_max
    )
