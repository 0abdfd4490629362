"""What a test makes an Asterisk do: a plain AMI client with every right, one action after the other."""

import socket
from collections.abc import Iterator
from itertools import count
from time import monotonic

END = b"\r\n\r\n"
ANSWER_S_MAX = 10.0


class Driver:
    """Logged in as soon as it is made; raises OSError where it can't connect."""

    def __init__(self, port: int, username: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S_MAX)
        self._rest = b""
        self._ids = count(1)
        self._heard: list[dict[str, str]] = []
        self._expect_success("Login", Username=username, Secret="geheim")

    def __enter__(self) -> "Driver":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def act(self, action: str, **headers: object) -> dict[str, str]:
        """The answer's headers; a header that stands several times is given as a list."""
        number = f"d{next(self._ids)}"
        lines = [f"Action: {action}", f"ActionID: {number}"]
        for name, value in headers.items():
            values = value if isinstance(value, list) else [value]
            lines += [f"{name}: {each}" for each in values]
        self._socket.sendall("\r\n".join(lines).encode() + END)
        for block in self._blocks(ANSWER_S_MAX):
            if block.get("ActionID") == number and "Response" in block:
                return block
            self._heard.append(block)
        raise OSError(f"no answer to {action}")

    def do(self, action: str, **headers: object) -> None:
        """Act, and fail unless Asterisk says that it succeeded."""
        self._expect_success(action, **headers)

    def command(self, text: str) -> dict[str, str]:
        return self.act("Command", Command=text)

    def heard_within(self, event: str, s_max: float, **headers: str) -> bool:
        """Whether such an event has come, or comes in time."""

        def fits(block: dict[str, str]) -> bool:
            return block.get("Event") == event and all(block.get(key) == value for key, value in headers.items())

        if any(fits(block) for block in self._heard):
            return True
        for block in self._blocks(s_max):
            self._heard.append(block)
            if fits(block):
                return True
        return False

    # --- what tests do again and again -------------------------------------------------------------------------------

    def sign_in(self, seat: str, name: str = "", queue: str = "support", paused: bool = False, **more: object) -> None:
        self.do("QueueAdd", Queue=queue, Interface=seat, MemberName=name or seat, Paused=str(paused).lower(), **more)

    def sign_out(self, seat: str, queue: str = "support") -> None:
        self.do("QueueRemove", Queue=queue, Interface=seat)

    def pause(self, seat: str, reason: str = "", queue: str = "") -> None:
        where = {"Queue": queue} if queue else {}
        self.do("QueuePause", Interface=seat, Paused="true", Reason=reason, **where)

    def unpause(self, seat: str, queue: str = "") -> None:
        where = {"Queue": queue} if queue else {}
        self.do("QueuePause", Interface=seat, Paused="false", **where)

    def call_in(self, queue: str = "support", wait_s: int = 20) -> None:
        """A caller enters the queue by the dialplan, and hangs up by itself only when the test is long over."""
        where = {"Context": "queues", "Exten": queue, "Priority": 1, "Variable": f"WAIT_S={wait_s}"}
        self.do("Originate", Channel="Local/waiter@callers/n", Async="true", **where)

    def until_they_speak(self, channel: str = "") -> None:
        """Two are in a bridge, one of them `channel` where it is given. AgentConnect comes before that, and until then
        nobody is transferred or redirected."""
        for block in self._blocks(ANSWER_S_MAX) if not self._speaks(channel) else ():
            self._heard.append(block)
            if self._speaks(channel):
                break
        assert self._speaks(channel)

    def _speaks(self, channel: str) -> bool:
        entered = [block for block in self._heard if block.get("Event") == "BridgeEnter"]
        bridges = {block["BridgeUniqueid"] for block in entered if channel in ("", block["Channel"])}
        return any(block["BridgeNumChannels"] == "2" and block["BridgeUniqueid"] in bridges for block in entered)

    def channels(self, of: str) -> list[str]:
        """Names of the channels that are there now and begin with `of`."""
        answer = self.act("Command", Command="core show channels concise")
        lines = answer.get("Output", "").split("\n")
        return [line.split("!")[0] for line in lines if line.startswith(of)]

    def _expect_success(self, action: str, **headers: object) -> None:
        answer = self.act(action, **headers)
        if answer["Response"] not in ("Success", "Goodbye"):
            raise AssertionError(f"{action} {headers}: {answer}")

    def _blocks(self, s_max: float) -> Iterator[dict[str, str]]:
        deadline = monotonic() + s_max
        while True:
            while END in self._rest:
                block, self._rest = self._rest.split(END, 1)
                yield headers(block)
            remaining = deadline - monotonic()
            if remaining <= 0:
                return
            self._socket.settimeout(remaining)
            try:
                data = self._socket.recv(65536)
            except TimeoutError:
                return
            if not data:
                raise OSError("Asterisk closed the connection")
            self._rest += data


def headers(block: bytes) -> dict[str, str]:
    """By name; several lines of `Output` are put together."""
    found: dict[str, str] = {}
    for line in block.decode(errors="replace").split("\r\n"):
        name, colon, value = line.partition(": ")
        if colon:
            found[name] = f"{found[name]}\n{value}" if name == "Output" and name in found else value
    return found
