"""`ccd watch`: the board in a terminal, over the same live channel as the pages."""

import asyncio
import getpass
import json
import sys
from http import HTTPStatus
from http.client import HTTPException
from http.cookies import SimpleCookie
from typing import Annotated
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import typer
from rich.live import Live
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from ccd.commands.terminal_board import TerminalBoard
from ccd.errors import LiveChannelError
from ccd.live.frames import MsgpackCodec
from ccd.web.session_api import COOKIE

REFRESH_PER_S = 4
RETRY_DELAY_S = 2.0
ANSWER_TIMEOUT_S = 10.0
SILENT_S_MAX = 15.0  # the server says something every few seconds
NOT_OURS = (ValueError, KeyError, TypeError, RecursionError)  # of an answer that is none of ccd's


def watch(
    url: Annotated[str, typer.Option(help="Where the pages are.")] = "http://127.0.0.1:8080",
    user: Annotated[str, typer.Option(help="Whom to sign in as: a supervisor.")] = "",
    password: Annotated[str, typer.Option(help="Better typed, or given with --password-stdin.")] = "",
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read it from standard input.")] = False,
    unit: Annotated[list[str] | None, typer.Option(help="Some of your units only.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Print the floor as it is, and end.")] = False,
) -> None:
    """Show the board in this terminal, until Ctrl-C."""
    if not user:
        user = input("Name: ")
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif not password:
        password = getpass.getpass("Password: ")
    try:
        asyncio.run(_watch(url.rstrip("/"), user, password, unit, once))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


async def _watch(url: str, user: str, password: str, units: list[str] | None, once: bool) -> None:
    token, led = await asyncio.to_thread(signed_in, url, user, password)
    if led and (unknown := sorted(set(units or ()).difference(led))):
        said = f"the floor of {', '.join(unknown)} is not shown to {user}; ask for some of {', '.join(led)}"
        raise LiveChannelError(url, f"says: {said}")
    board = TerminalBoard()
    with Live(get_renderable=board.shown, refresh_per_second=REFRESH_PER_S, screen=not once) as screen:
        while True:
            try:
                await _follow(url, token, units, board, once)
            except (OSError, WebSocketException) as error:
                if isinstance(error, InvalidStatus) and error.response.status_code == HTTPStatus.UNAUTHORIZED:
                    raise LiveChannelError(url, "says that the session is over: start again") from error
                if not board.has_seen_the_floor:
                    raise LiveChannelError(url, f"does not open its live channel: {error}") from error
                board.is_lost()
            if once:
                screen.refresh()
                return
            await asyncio.sleep(RETRY_DELAY_S)


def signed_in(url: str, user: str, password: str) -> tuple[str, list[str]]:
    """The session's token, and the units whose floor it shows; an agent's are none."""
    if not _is_of_pages(url):
        raise LiveChannelError(url, "is no address of pages; allowed: http://HOST:PORT or https://…")
    login = json.dumps({"name": user, "password": password}).encode()
    asked = Request(f"{url}/api/session", login, {"Content-Type": "application/json"}, method="POST")
    try:
        with urlopen(asked, timeout=ANSWER_TIMEOUT_S) as answer:
            token: str = SimpleCookie(answer.headers["Set-Cookie"])[COOKIE].value
            led: list[str] = json.load(answer)["units"]
    except HTTPError as error:
        raise LiveChannelError(url, f"does not let {user} in: {_why(error)}") from error
    except (OSError, UnicodeError) as error:  # the latter of a name that no host can have
        raise LiveChannelError(url, f"can't be reached: {error}; is ccd running there?") from error
    except (HTTPException, *NOT_OURS) as error:
        raise LiveChannelError(url, "answers, but it is not ccd that does") from error
    return token, led


def _why(error: HTTPError) -> str:
    """As ccd says it; of whoever else answers in its place, as HTTP does."""
    try:
        return str(json.load(error)["detail"])
    except (HTTPException, OSError, *NOT_OURS):
        return str(error.reason)


def _is_of_pages(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, half an IPv6 address
        return False


async def _follow(url: str, token: str, units: list[str] | None, board: TerminalBoard, once: bool) -> None:
    """Until the connection ends; with `once`, until the floor has been seen."""
    codec = MsgpackCodec()
    scheme, host = ("wss" if url.startswith("https") else "ws"), urlsplit(url).netloc
    async with connect(
        f"{scheme}://{host}/live",
        subprotocols=[Subprotocol(codec.subprotocol)],
        additional_headers={"Cookie": f"{COOKIE}={token}"},
        max_size=None,
    ) as line:
        asked = {"op": "subscribe", "topic": "floor"} | ({"units": units} if units else {})
        await line.send(codec.value(asked))
        while True:
            async with asyncio.timeout(SILENT_S_MAX):
                data = await line.recv()
            message = codec.read(data.encode() if isinstance(data, str) else data)
            if message["op"] == "error":
                raise LiveChannelError(url, f"says: {message['detail']}")
            if not board.hear(message):
                await line.send(codec.value({"op": "resync"}))
            if once and board.has_seen_the_floor and board.has_heard_of_sources:
                return
