"""Pages, API and live channel on one port, with one cookie."""

import asyncio

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from ccd.errors import AddressTakenError
from ccd.live.store import Store
from ccd.web.accounts import Accounts
from ccd.web.server import PageServer
from ccd.web.sessions import Sessions
from tests.live.conftest import folder, open_store, store, valkey
from tests.live.readings import floor
from tests.live.serving import nothing_else
from tests.live.waiting import until
from tests.web.office import SESSION_S, Clock
from tests.web.serving import heard, site_of

__all__ = ["folder", "open_store", "store", "valkey"]


async def test_the_cookie_of_the_sign_in_opens_the_live_channel(
    accounts: Accounts, sessions: Sessions, clock: Clock, store: Store
) -> None:
    await store.replace(floor(3, "team-1"))
    async with site_of(accounts, sessions, clock, store) as site:
        await until(lambda: site.feed.is_following)
        lead, agent = await site.signed_in("lead"), await site.signed_in("陈静")
        board, page = await site.live(lead, "floor"), await site.live(agent, "me")
        assert len((await heard(board, "snapshot"))["agents"]) == 3
        assert [one["agent"] for one in (await heard(page, "snapshot"))["agents"]] == ["1001"]
        forbidden = await site.live(agent, "floor")
        assert "not shown to 陈静" in (await heard(forbidden, "error"))["detail"]
        healthy, head = await lead.get("/healthz"), await lead.head("/healthz")
        assert (healthy.status_code, head.status_code, head.content) == (200, 200, b"")
        assert head.headers["content-length"] == healthy.headers["content-length"]
        for line in (board, page):
            await line.close()
        for browser in (lead, agent):
            await browser.aclose()


async def test_who_signs_out_or_is_removed_loses_the_live_channel_as_well(
    accounts: Accounts, sessions: Sessions, clock: Clock, store: Store
) -> None:
    await store.replace(floor(3, "team-1"))
    async with site_of(accounts, sessions, clock, store) as site:
        await until(lambda: site.feed.is_following)
        lead, boss, agent = [await site.signed_in(name) for name in ("lead", "boss", "陈静")]
        lines = [await site.live(lead, "floor"), await site.live(boss, "floor"), await site.live(agent, "me")]
        for line in lines:
            await heard(line, "snapshot")
        await lead.delete("/api/session")
        assert (await heard(lines[0], "error"))["title"] == "Signed out"
        await accounts.remove("boss")
        assert (await heard(lines[1], "error"))["title"] == "Signed out"
        await until(lambda: [client.session.person.name for client in site.inside()] == ["陈静"])
        clock.now += SESSION_S
        assert (await heard(lines[2], "error"))["title"] == "Signed out"
        for line in lines:
            with pytest.raises(ConnectionClosed):
                await heard(line, "nothing more")
        for browser in (lead, boss, agent):
            await browser.aclose()


async def test_a_port_that_is_taken_is_said_before_anything_starts() -> None:
    first = PageServer(nothing_else, nothing_else, "127.0.0.1", 0)
    with pytest.raises(AddressTakenError, match=f"port {first.port} on 127.0.0.1 is taken"):
        PageServer(nothing_else, nothing_else, "127.0.0.1", first.port)
    first.close()
    PageServer(nothing_else, nothing_else, "127.0.0.1", first.port).close()


async def test_a_stopped_server_gives_its_port_back() -> None:
    server = PageServer(nothing_else, nothing_else, "127.0.0.1", 0)
    async with asyncio.TaskGroup() as group, httpx.AsyncClient() as browser:
        task = group.create_task(server.run())
        assert (await browser.get(server.url)).status_code == 404
        task.cancel()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", server.port)
    PageServer(nothing_else, nothing_else, "127.0.0.1", server.port).close()
