"""What Redis holds, and what it refuses to be given."""

from typing import Any

import pytest
from redis.asyncio import Redis as Client
from redis.exceptions import ConnectionError as RedisConnectionError

from ccd.errors import LeaseLostError
from ccd.floor.seats import State
from ccd.live.batch import LiveBatch, QueueNow, SourceNow, pack, packed, unpack, unpack_plainly
from ccd.live.connect import connect
from ccd.live.keys import KEPT_S, Keys
from ccd.live.store import Store
from tests.live.conftest import OpenStore
from tests.live.readings import Agent, floor, team
from tests.live.servers import Server

BATCH = {b"epoch", b"number", b"agents", b"gone", b"queues", b"sources", b"watermarks", b"transitions"}


async def watermarks(server: Server) -> Any:
    client = Client.from_url(server.url)
    found: Any = await client.hgetall(Keys.of("site").watermarks)
    await client.aclose()
    return found


async def test_a_store_that_nobody_has_written_is_empty(server: Server, store: Store) -> None:
    found = await store.read()
    assert (found.epoch, found.agents, found.last_id) == ("", [], "0-0")


async def test_everything_is_read_as_it_was_put_there(server: Server, store: Store) -> None:
    await store.replace(floor(1_200))  # more than are staged at once
    found = await store.read()
    assert {unpack(data)["agent"] for data in found.agents} == {str(number) for number in range(1001, 2201)}
    assert [unpack(data) for data in found.sources] == [{"pbx": "pbx", "state": "live", "since": 1_795_392_000.0}]
    assert await watermarks(server) == {b"pbx": b"1795392010000000"}
    assert (bool(found.epoch), found.number) == (True, 0)


async def test_a_batch_changes_what_it_names_and_is_one_entry(server: Server, open_store: OpenStore) -> None:
    writer, reader = open_store(), open_store()
    await writer.replace(floor(3))
    before = await reader.read()
    paused = Agent("1001").turns(10, State.AVAILABLE).turns(70, State.PAUSED, "toilet").now()
    batch = LiveBatch(
        [paused], gone=("1003",), queues=(QueueNow("support", 2, 5_000_000),), watermarks={"pbx": 7},
        sources=(SourceNow("pbx", "lost", 6_000_000),), transitions=b"packed",
    )  # fmt: skip
    assert await writer.write(packed(batch))
    after = await reader.read()
    states = {unpack(data)["agent"]: unpack(data)["state"] for data in after.agents}
    assert states == {"1001": "paused", "1002": "available"}
    assert [unpack(data) for data in after.queues] == [{"queue": "support", "waiting": 2, "oldest_since": 5.0}]
    assert await watermarks(server) == {b"pbx": b"7"}
    (entry,) = await reader.entries_after(before.last_id, 1.0)
    assert (entry.epoch, entry.number, entry.gone) == (before.epoch, 1, ["1003"])
    assert [unpack(data)["reason"] for data in entry.agents] == ["toilet"]
    assert after.last_id == entry.id


async def test_the_stream_says_what_seats_did_to_whoever_reads_redis(server: Server, store: Store) -> None:
    did = ["pbx", "PJSIP/1001", "Ann", 1_795_392_070_000_000, "paused", "toilet"]
    await store.replace(floor(1))
    assert await store.write(packed(LiveBatch(watermarks={"pbx": 8}, transitions=pack([did]))))
    await store.announce(["1001"])
    client = Client.from_url(server.url)
    keys = Keys.of("site")
    entries: Any = await client.xrange(keys.stream)
    written = [unpack_plainly(fields[b"b"]) for _, fields in entries]
    assert [set(entry) for entry in written] == [BATCH, BATCH, {b"accounts", b"places"}]
    assert unpack(written[1][b"transitions"]) == [did]
    assert await watermarks(server) == {b"pbx": b"8"}
    await client.aclose()


async def test_thousands_of_agents_fit_into_one_batch(server: Server, store: Store) -> None:
    await store.replace(LiveBatch())
    assert await store.write(packed(LiveBatch(team(6_000))))
    assert len((await store.read()).agents) == 6_000


async def test_a_batch_whose_answer_was_lost_is_written_once(server: Server, open_store: OpenStore) -> None:
    writer, reader = open_store(), open_store()
    await writer.replace(floor())
    before = await reader.read()
    await writer.write(packed(LiveBatch(team(1))))
    writer._number -= 1  # as if no answer had come
    assert await writer.write(packed(LiveBatch(team(1))))
    assert len(await reader.entries_after(before.last_id, 0.05)) == 1


async def test_a_wiped_store_refuses_a_batch(server: Server, store: Store) -> None:
    await store.replace(floor())
    client = Client.from_url(server.url)
    await client.flushall()
    await client.aclose()
    assert not await store.write(packed(LiveBatch(team(1))))
    assert (await store.read()).agents == []


@pytest.mark.parametrize("lost", ["agents", "queues", "sources", "watermarks"])
async def test_a_store_that_lost_a_part_refuses_a_batch(server: Server, store: Store, lost: str) -> None:
    """As a server does that is short of memory: a key at a time."""
    everything = LiveBatch(team(5), (), (QueueNow("q", 1, 5),), floor().sources, {"pbx": 5})
    await store.replace(everything)
    batch = packed(LiveBatch(team(2, first=1005), gone=("1001",), queues=(QueueNow("r", 0, None),)))
    assert await store.write(batch)
    assert await store.write(batch), "as many as it was left with"
    client = Client.from_url(server.url)
    await client.delete(getattr(Keys.of("site"), lost))
    await client.aclose()
    assert await store.write(packed(LiveBatch(team(1)))) is False
    await store.replace(everything)
    assert await store.write(packed(LiveBatch(team(1))))


async def test_a_store_that_missed_a_batch_refuses_the_next(server: Server, store: Store) -> None:
    await store.replace(floor())
    assert await store.write(packed(LiveBatch(team(1))))
    client = Client.from_url(server.url)
    await client.hset(Keys.of("site").head, "number", "0")  # a replica that was promoted without it
    await client.aclose()
    assert await store.write(packed(LiveBatch())) is False


async def test_of_two_writers_the_first_is_refused(server: Server, open_store: OpenStore) -> None:
    first, second = open_store(), open_store()
    await first.replace(floor())
    await second.replace(floor())
    assert not await first.write(packed(LiveBatch(team(1))))
    assert await second.write(packed(LiveBatch(team(1))))


async def test_a_restarted_server_is_sent_the_scripts_again(server: Server, store: Store) -> None:
    await store.replace(floor())
    server.kill()
    server.start()
    refused = None
    for _ in range(3):  # each connection of before has to find out
        try:
            refused = await store.write(packed(LiveBatch()))
        except (RedisConnectionError, OSError):
            continue
    assert refused is False
    await store.replace(floor())
    assert len((await store.read()).agents) == 3


async def test_all_keys_share_one_hash_tag_and_expire(server: Server, store: Store) -> None:
    await store.replace(floor())
    await store.write(packed(LiveBatch(team(1), queues=(QueueNow("support", 0, None),))))
    client = Client.from_url(server.url, decode_responses=True)
    names = await client.keys("*")
    lives = {name: await client.ttl(name) for name in names}
    await client.aclose()
    keys = Keys.of("site")
    assert set(names) == {keys.head, keys.agents, keys.queues, keys.sources, keys.watermarks, keys.stream}
    assert all("{site}" in name for name in names)
    assert all(0 < life <= KEPT_S for life in lives.values())


async def test_the_stream_keeps_about_its_newest_entries(server: Server) -> None:
    store = Store(connect(server.url), "site", entries_max=100)
    await store.replace(floor())
    for _ in range(500):
        await store.write(packed(LiveBatch()))
    client = Client.from_url(server.url)
    kept = await client.xlen(Keys.of("site").stream)
    await client.aclose()
    await store.close()
    assert 100 <= kept <= 300


async def test_anybody_may_announce_changed_accounts(server: Server, open_store: OpenStore) -> None:
    writer, settling = open_store(), open_store()
    await writer.replace(floor())
    before = (await writer.read()).last_id
    await settling.announce(["1001", "1002"], ["2001"])
    (entry,) = await writer.entries_after(before, 1.0)
    assert (entry.epoch, entry.accounts, entry.places) == ("", ["1001", "1002"], ["2001"])
    assert await writer.write(packed(LiveBatch()))  # and the writer's batches follow on each other all the same


async def test_a_writer_whose_place_was_taken_gets_nothing_in_any_more(server: Server, store: Store) -> None:
    old, new, elsewhere = (
        Store(connect(server.url), "site", line=line, term=term) for line, term in (("a", 1), ("a", 2), ("b", 1))
    )
    await old.replace(floor(2))
    await new.replace(floor(3))
    assert not await old.write(packed(LiveBatch(gone=("1001",))))
    with pytest.raises(LeaseLostError, match="live state of site"):
        await old.replace(floor(1))
    assert len((await store.read()).agents) == 3
    await new.replace(floor(4))
    await elsewhere.replace(floor(5))  # whose database is another: its terms begin anew
    assert len((await store.read()).agents) == 5
    client = Client.from_url(server.url)
    assert await client.keys("*agents:*") == [], "nothing staged is left behind"
    await client.aclose()
    for each in (old, new, elsewhere):
        await each.close()
