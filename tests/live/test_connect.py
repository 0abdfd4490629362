"""Addresses, and the servers behind them: one, a Cluster, and what Sentinels name."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.exceptions import RedisError

from ccd.live.batch import LiveBatch, packed
from ccd.live.connect import connect, parsed
from ccd.live.store import AWAY, Store
from tests.live.readings import floor, team
from tests.live.servers import Redis
from tests.live.waiting import until, until_true
from tests.ports import free_port


def test_sentinels_and_the_master_they_name_are_read_from_the_address() -> None:
    address = parsed("rediss+sentinel://ccd:s%40fe@one:1,two/mymaster/3")
    assert (address.kind, address.tls, address.name, address.db) == ("sentinel", True, "mymaster", 3)
    assert address.hosts == (("one", 1), ("two", 26_379))
    assert (address.username, address.password) == ("ccd", "s@fe")


def test_a_clusters_nodes_are_read_from_the_address() -> None:
    address = parsed("redis+cluster://one:7001,two")
    assert (address.kind, address.tls, address.hosts) == ("cluster", False, (("one", 7_001), ("two", 6_379)))


def test_a_host_of_ipv6_stands_in_brackets_with_a_port_or_without() -> None:
    assert parsed("redis+sentinel://[::1],[fd00::2]:7/floor").hosts == (("::1", 26_379), ("fd00::2", 7))


async def uses(url: str) -> None:
    """A store there does all that a store does."""
    store, reader = Store(connect(url), "site"), Store(connect(url), "site")
    await store.replace(floor(3))
    before = await reader.read()
    assert await store.write(packed(LiveBatch(team(1), gone=("1003",))))
    assert [entry.number for entry in await reader.entries_after(before.last_id, 1.0)] == [1]
    assert len((await reader.read()).agents) == 2
    await store.close()
    await reader.close()


@pytest.fixture
def cluster(folder: Path) -> Iterator[Redis]:
    node = Redis(folder, "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf")
    node.start()
    cli(node.port, "CLUSTER", "ADDSLOTSRANGE", "0", "16383")
    yield node
    node.kill()


def cli(port: int, *command: str) -> str:
    done = subprocess.run(["redis-cli", "-p", str(port), *command], capture_output=True, text=True, check=True)
    return done.stdout


async def test_a_cluster_holds_the_live_state(cluster: Redis) -> None:
    await until(lambda: "cluster_state:ok" in cli(cluster.port, "CLUSTER", "INFO"))
    await uses(f"redis+cluster://127.0.0.1:{cluster.port}")


async def test_a_cluster_of_which_no_node_is_there_is_away_as_any_redis() -> None:
    store = Store(connect(f"redis+cluster://127.0.0.1:{free_port()}"), "site")
    with pytest.raises(AWAY, match="one reachable node"):
        await store.read()
    await store.close()


async def test_sentinels_lead_to_the_master_and_after_its_fall_to_the_next(folder: Path) -> None:
    first = Redis(folder)
    second = Redis(folder, "--replicaof", "127.0.0.1", str(first.port))
    configuration = folder / "sentinel.conf"
    configuration.write_text(
        f"sentinel monitor floor 127.0.0.1 {first.port} 1\n"
        "sentinel down-after-milliseconds floor 500\nsentinel failover-timeout floor 3000\n"
    )
    sentinel = Redis(folder, str(configuration), "--sentinel")
    url = f"redis+sentinel://127.0.0.1:{sentinel.port}/floor"

    async def is_usable() -> bool:
        try:
            await uses(url)
        except (RedisError, OSError):
            return False
        return True

    servers = (first, second, sentinel)
    try:
        for server in servers:
            server.start()
        await uses(url)
        await until(lambda: "slaves=1" in cli(sentinel.port, "INFO", "sentinel"))
        first.kill()
        await until_true(is_usable)
        assert str(second.port) in cli(sentinel.port, "SENTINEL", "get-master-addr-by-name", "floor")
    finally:
        for server in servers:
            server.kill()
