"""A daemon that is killed while a receiver has what it was told tells it again, under the same id."""

import sqlite3
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.ports import free_port
from tests.whole.daemon import Daemon

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TOLD = "INSERT INTO outbox (id, kind, subject, body, made_at) VALUES (?, 'attendance.day', ?, '{}', 1)"


@contextmanager
def receiving(heard: list[str], killed: threading.Event, kill: list[Daemon]) -> Iterator[int]:
    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.headers["webhook-id"])
            if kill:
                kill.pop().kill()
                killed.set()
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def written(folder: Path, statement: str, *values: str) -> None:
    with closing(sqlite3.connect(folder / "state" / "ccd.sqlite", timeout=10)) as connection, connection:
        connection.execute(statement, values)


def test_a_daemon_that_is_killed_before_it_notes_an_answer_tells_it_again_under_the_same_id(tmp_path: Path) -> None:
    heard, killed, to_kill = list[str](), threading.Event(), list[Daemon]()
    (tmp_path / "secret").write_text(SECRET)
    with receiving(heard, killed, to_kill) as port:
        hook = f'[[webhook]]\nname = "hr"\nurl = "http://127.0.0.1:{port}/"\nsecret_file = "secret"\n'
        daemon = Daemon(tmp_path, free_port(), hook).start()
        daemon.until(lambda: is_told_of(daemon), 60)
        to_kill.append(daemon)
        written(tmp_path, TOLD, "one", "one")
        written(tmp_path, TOLD, "two", "two")
        assert killed.wait(60)
        assert heard == ["one"]
        written(tmp_path, "UPDATE webhooks SET next_at = 0")  # as if the time of whoever had it were over
        daemon.start()
        daemon.until(lambda: len(heard) == 3, 60)
        daemon.until(lambda: daemon.metric("ccd_webhook_tries") == 0)
        assert daemon.stop() == 0
    assert heard == ["one", "one", "two"]


def is_told_of(daemon: Daemon) -> bool:
    """That the hook has its place."""
    try:
        with urllib.request.urlopen(f"{daemon.url}/metrics", timeout=5) as answer:
            return b'ccd_webhook_stopped{webhook="hr"}' in answer.read()
    except OSError:
        return False
