"""What AMI clients send: bytes in, whole actions out, with Asterisk's own limits on lines and their number."""

from dataclasses import dataclass

LINE_BYTES_MAX = 1024
LINES_MAX = 128
PENDING_BYTES_MAX = 256 * 1024  # of an action that is not whole yet


@dataclass(frozen=True, slots=True)
class Request:
    """One action: header names in lower case. `fault` says why it can't be one."""

    headers: dict[str, str]
    fault: str = ""

    def get(self, name: str) -> str:
        return self.headers.get(name.lower(), "")

    @property
    def action(self) -> str:
        return self.get("Action")


class Requests:
    """Cuts one client's stream into actions. Lines may end in CR LF or LF."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[str] = []
        self._fault = ""

    def feed(self, data: bytes) -> list[Request]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > PENDING_BYTES_MAX:
            self._rest, self._fault = b"", "line too long"
        return [request for line in lines if (request := self._line(line.rstrip(b"\r"))) is not None]

    def _line(self, line: bytes) -> Request | None:
        if len(line) > LINE_BYTES_MAX:
            self._fault = "line too long"
        elif len(self._lines) >= LINES_MAX:
            self._fault = "too many lines"
        elif line:
            self._lines.append(line.decode(errors="replace"))
        return None if line else self._whole()

    def _whole(self) -> Request | None:
        """The action that a blank line has ended; none after blank lines alone."""
        lines, fault = self._lines, self._fault
        self._lines, self._fault = [], ""
        if not lines and not fault:
            return None
        pairs = (line.partition(":") for line in lines)
        return Request({name.strip().lower(): value.strip() for name, _, value in pairs}, fault)
