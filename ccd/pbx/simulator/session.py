"""One AMI client's session: who it is, what it may, whether it wants events. No socket in here."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from ccd.pbx.simulator.answers import answer, error, fully_booted, success
from ccd.pbx.simulator.requests import Request
from ccd.pbx.simulator.switch import Switch


@dataclass(frozen=True, slots=True)
class ManagerUser:
    """A user of manager.conf, with every right."""

    username: str
    secret: str


class AmiSession:
    """Answers requests. `over` once the connection is to be closed, after what was answered has been sent."""

    def __init__(self, account: ManagerUser, switch: Switch, started: int) -> None:
        self.authenticated = False
        self.wants_events = True
        self.over = False
        self._account = account
        self._switch = switch
        self._started = started
        self._challenge = ""

    def answer(self, request: Request, at: int) -> str:
        """The answer to one request at `at` (µs), as text of the stream."""
        if request.fault:
            return error(request, f"Failed to parse message: {request.fault}")
        match request.action.lower():
            case "login":
                return self._login(request, at)
            case "challenge":
                return self._give_challenge(request)
            case "logoff":
                self.over = True
                return success(request, "Message: Thanks for all the fish.", response="Goodbye")
            case action if action and not self.authenticated:
                return error(request, "Permission denied")
            case "events":
                return self._events(request)
            case _:
                return answer(request, self._switch, at, self._started)

    def _give_challenge(self, request: Request) -> str:
        if request.get("AuthType").lower() != "md5":
            return error(request, "Must specify AuthType")
        self._challenge = self._challenge or str(secrets.randbelow(2**31))
        return success(request, f"Challenge: {self._challenge}")

    def _login(self, request: Request, at: int) -> str:
        if not self._knows(request):
            self.over = True
            return error(request, "Authentication failed")
        self.authenticated = True
        if mask := request.get("Events"):
            self.wants_events = mask.lower() not in ("off", "no", "false", "0")
        accepted = success(request, "Message: Authentication accepted")
        return accepted + (fully_booted(at, self._started) if self.wants_events else "")

    def _knows(self, request: Request) -> bool:
        account = self._account
        if request.get("AuthType").lower() == "md5":
            key = hashlib.md5((self._challenge + account.secret).encode(), usedforsecurity=False).hexdigest()
            proof = bool(self._challenge) and hmac.compare_digest(request.get("Key").lower().encode(), key.encode())
        else:
            proof = hmac.compare_digest(request.get("Secret").encode(), account.secret.encode())
        return proof and request.get("Username") == account.username

    def _events(self, request: Request) -> str:
        mask = request.get("EventMask")
        if not mask:
            return error(request, "Invalid event mask")
        self.wants_events = mask.lower() not in ("off", "no", "false", "0")
        return success(request, f"Events: {'On' if self.wants_events else 'Off'}")
