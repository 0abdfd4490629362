"""The daemon's parts as processes of their own, which meet in Redis and in the database."""

import time
from pathlib import Path

from tests.live.servers import Redis
from tests.pbx_real.asterisk import Asterisk
from tests.whole.board import Board
from tests.whole.daemon import Daemon


def test_one_process_captures_another_shows(asterisk: Asterisk, tmp_path: Path) -> None:
    redis = Redis(tmp_path)
    redis.start()
    stores = f'redis = {{ url = "{redis.url}" }}\nsql = {{ url = "sqlite:///{tmp_path}/together.sqlite" }}'
    for name in ("capture", "show"):
        (tmp_path / name).mkdir()
    capture = Daemon(tmp_path / "capture", asterisk.port, stores)
    show = Daemon(tmp_path / "show", asterisk.port, stores)
    try:
        show.let_in()
        capture.start("--only", "capture,settle")
        show.start("--only", "live,api").until_ready()
        with asterisk.drive() as pbx, Board(show.url) as board:
            pbx.sign_in("Local/1001@agents/n", "Agent 1001")
            show.until(lambda: board.state("1001") == "available")
            assert board.source() == "live"
            capture.kill()
            show.until(lambda: board.source() == "lost", 30)
            capture.start("--only", "capture,settle")
            show.until(lambda: board.source() == "live", 30)
            pbx.pause("Local/1001@agents/n", "water")
            show.until(lambda: board.state("1001") == "paused")
            asked = ("agent", "sign-out", "1001", "--text", "gone home", "--config", str(show.config))
            assert show.ccd(*asked).stdout.startswith("1001: sign out: done\n"), "by the process that captures"
            show.until(lambda: board.state("1001") == "signed_out")
        time.sleep(1)
        assert not capture.is_ready(), "it serves no pages"
    finally:
        capture.stop()
        show.stop()
        redis.kill()


def test_parts_that_run_apart_need_stores_that_both_reach(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, 1)
    done = daemon.ccd("run", "--config", str(daemon.config), "--only", "capture")
    assert done.returncode == 2
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == ["redis.url", "sql.url"]
    unknown = daemon.ccd("run", "--config", str(daemon.config), "--only", "capture,boards")
    assert unknown.returncode == 2
    assert "boards; allowed: capture, live, settle, api" in unknown.stderr
