"""A Cluster of three masters: the one with the site's keys falls, and its replica takes its place."""

import asyncio
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from ccd.floor.seats import State
from ccd.live.connect import connect
from ccd.live.keys import Keys
from ccd.live.store import Store
from tests.live.servers import Redis
from tests.live.serving import serving, turned
from tests.live.waiting import until

NODE_TIMEOUT_MS = 500
SLOTS = 16_384


class Cluster:
    """Three masters that share the slots, and a replica of each."""

    def __init__(self, folder: Path) -> None:
        options = ["--cluster-enabled", "yes", "--cluster-node-timeout", str(NODE_TIMEOUT_MS)]
        options += ["--repl-diskless-sync-delay", "0"]
        self.nodes = [Redis(folder, *options, "--cluster-config-file", f"node-{at}.conf") for at in range(6)]
        self.masters, self.replicas = self.nodes[:3], self.nodes[3:]
        self.url = "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.masters)

    def start(self) -> None:
        for node in self.nodes:
            node.start()
        borders = [SLOTS * at // len(self.masters) for at in range(len(self.masters) + 1)]
        for master, (first, end) in zip(self.masters, pairwise(borders), strict=True):
            cli(master, "CLUSTER", "ADDSLOTSRANGE", str(first), str(end - 1))
        for node in self.nodes[1:]:
            cli(node, "CLUSTER", "MEET", "127.0.0.1", str(self.nodes[0].port))

    async def join(self) -> None:
        """Until everybody knows everybody, and each replica holds what its master does."""
        await until(lambda: all(cli(node, "CLUSTER", "NODES").count("\n") == len(self.nodes) for node in self.nodes))
        for master, replica in zip(self.masters, self.replicas, strict=True):
            cli(replica, "CLUSTER", "REPLICATE", cli(master, "CLUSTER", "MYID").strip())
        await until(lambda: all("master_link_status:up" in cli(node, "INFO", "replication") for node in self.replicas))
        await until(lambda: all("cluster_state:ok" in cli(node, "CLUSTER", "INFO") for node in self.nodes))

    def kill(self) -> None:
        for node in self.nodes:
            node.kill()

    def owner(self, site: str) -> int:
        """Which of the masters has the site's keys."""
        slot = int(cli(self.masters[0], "CLUSTER", "KEYSLOT", Keys.of(site).head))
        return slot * len(self.masters) // SLOTS


def cli(node: Redis, *command: str) -> str:
    said = ["redis-cli", "-p", str(node.port), *command]
    return subprocess.run(said, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def cluster(folder: Path) -> Iterator[Cluster]:
    made = Cluster(folder)
    made.start()
    yield made
    made.kill()


async def test_boards_go_on_by_themselves_after_the_fall_of_the_master_with_the_sites_keys(cluster: Cluster) -> None:
    await cluster.join()
    stores: list[Store] = []

    def open_store() -> Store:
        stores.append(Store(connect(cluster.url), "site"))
        return stores[-1]

    async with serving(open_store) as service:
        await until(lambda: service.feed.is_following)
        board = await service.board()
        await board.hear_op("snapshot")
        turned(service, "1001", 50, State.PAUSED)
        await board.hear_of("1001", "paused")
        at = cluster.owner("site")
        cluster.masters[at].kill()
        turned(service, "1002", 70, State.ON_CALL)
        await board.hear_of("1002", "on_call")
        await until(lambda: service.feed.is_following and service.writer.in_step)
        assert "role:master" in cli(cluster.replicas[at], "INFO", "replication")
        assert len((await open_store().read()).agents) == len(service.floor.agents)
        await board.line.close()
    await asyncio.gather(*(store.close() for store in stores))
