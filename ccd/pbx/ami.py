"""One connection to Asterisk's manager interface, on panoramisk: the only module that knows it.

panoramisk's Manager keeps actions and their answers together. What it would do by itself is kept from it, since each of
it can charge somebody wrongly: reconnecting in a rhythm of its own, sending actions again after a reconnect, decoding
chunk by chunk, running callbacks as tasks. A connection is one Manager; when it ends, it is thrown away.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import md5
from ssl import SSLCertVerificationError, SSLContext, SSLError
from typing import Any, Literal

from panoramisk import Manager
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message

from ccd.errors import LoginRefusedError, NoAnswerError, PbxLostError, PbxTlsError, PbxUnreachableError
from ccd.pbx.blocks import RESPONSE, Blocks, headers_of

EVENT_CLASSES = "agent,system"  # of all that the account may read, what is of use: Asterisk sends no more


@dataclass(frozen=True, slots=True)
class ManagerAccount:
    """Where a PBX's manager listens, and as whom we come."""

    pbx: str
    host: str
    port: int
    username: str
    secret: str = field(repr=False)
    tls: SSLContext | None = None
    method: Literal["md5", "plain"] = "md5"  # plain sends the secret itself: only over TLS


class Connection:
    """One connection. `hear` is called with whole blocks in their order, `ended` once; neither must wait."""

    def __init__(
        self,
        account: ManagerAccount,
        blocks: Blocks,
        hear: Callable[[list[bytes]], None],
        ended: Callable[[], None],
    ) -> None:
        self._account = account
        self._tell_ended = ended
        self._manager = _Manager(
            host=account.host,
            port=account.port,
            ssl=account.tls or False,
            protocol_factory=lambda: _Protocol(blocks, hear, self._ended),
            ping_delay=0,
        )
        self._ending: Exception | None = None

    async def open(self, within_s: float) -> None:
        """Connect and log in. Raises what the family of PbxError in ccd.errors holds."""
        account = self._account
        try:
            async with asyncio.timeout(within_s):
                await self._manager.connect()
        except SSLError as error:
            reason = error.verify_message if isinstance(error, SSLCertVerificationError) else error.reason
            raise PbxTlsError(account.pbx, account.host, account.port, reason or str(error)) from error
        except (OSError, UnicodeError) as error:  # the latter of a name that no host can have
            reason = str(error) or f"no connection within {within_s:g} s"
            raise PbxUnreachableError(account.pbx, account.host, account.port, reason) from error
        login = {"Action": "Login", "Username": account.username, "Events": EVENT_CLASSES}
        if account.method == "plain":
            login["Secret"] = account.secret
        else:
            challenge = await self._let_in({"Action": "Challenge", "AuthType": "MD5"}, within_s)
            login |= {"AuthType": "MD5", "Key": _key(challenge["Challenge"], account.secret)}
        await self._let_in(login, within_s)

    async def _let_in(self, action: Mapping[str, str], within_s: float) -> Mapping[str, str]:
        """The answer to a step of the login. One that is about to stop turns everybody away, whoever it is."""
        answer = await self.ask(action, within_s)
        if is_stopping(answer):
            raise PbxLostError(self._account.pbx, answer["Message"])
        if answer["Response"] != "Success":
            raise LoginRefusedError(self._account.pbx, self._account.username, answer.get("Message", ""))
        return answer

    async def ask(self, action: Mapping[str, str], within_s: float) -> Mapping[str, str]:
        """The headers of the answer's first block. Raises NoAnswerError or PbxLostError."""
        self.raise_if_ended()
        answer: asyncio.Future[Mapping[str, str]] = self._manager.send_action(dict(action), as_list=False)
        try:
            async with asyncio.timeout(within_s):
                return await answer
        except TimeoutError as error:
            if answer.done() and not answer.cancelled():  # it came while this process itself was held up
                return answer.result()
            self._manager.forget(answer)
            raise NoAnswerError(self._account.pbx, action["Action"], within_s) from error

    @property
    def has_ended(self) -> bool:
        return self._ending is not None

    def raise_if_ended(self) -> None:
        if self._ending:
            raise self._ending

    def close(self) -> None:
        self._manager.close()

    def _ended(self, error: Exception | None) -> None:
        """The transport is gone. What is no fault of the network is a fault of ours, and is raised as it is."""
        if self._ending is None:
            ours = error is not None and not isinstance(error, OSError)
            self._ending = error if error and ours else PbxLostError(self._account.pbx, str(error or ""))
            self._manager.fail_all(self._ending)
            self._tell_ended()


def is_stopping(answer: Mapping[str, str]) -> bool:
    """Asterisk waits for its calls to end before it stops: it still tells events, and answers no question."""
    return answer["Response"] == "Error" and "shutting down" in answer.get("Message", "")


class _Manager(Manager):  # type: ignore[misc]  # panoramisk has no types
    """panoramisk's, without what it would do by itself."""

    def connection_made(self, connecting: "asyncio.Future[Any]") -> None:
        if not connecting.cancelled() and connecting.exception() is None:
            super().connection_made(connecting)

    def ping(self) -> None:
        """Pings have a deadline here, so whoever has the deadline sends them."""

    def forget(self, answer: "asyncio.Future[Any]") -> None:
        """An answer that is waited for no longer; should it come all the same, nobody hears it."""
        for key in [key for key, action in self.responses.items() if action.future is answer]:
            del self.responses[key]

    def fail_all(self, error: Exception) -> None:
        """Nothing that is asked now will be answered, and nothing of it is asked again."""
        for action in {id(action): action for action in self.responses.values()}.values():
            if not action.future.done():
                action.future.set_exception(error)
        self.responses.clear()
        self.awaiting_actions.clear()


class _Protocol(AMIProtocol):  # type: ignore[misc]  # panoramisk has no types
    """Cuts the bytes into blocks and passes them on; only answers become panoramisk's messages."""

    def __init__(
        self, blocks: Blocks, hear: Callable[[list[bytes]], None], ended: Callable[[Exception | None], None]
    ) -> None:
        self._blocks = blocks
        self._hear = hear
        self._ended = ended

    def data_received(self, data: bytes) -> None:
        try:
            found = self._blocks.feed(data)
            self._hear(found)
            for block in found:
                if block.startswith(RESPONSE):
                    self.handle_message(Message(headers_of(block)))
        except Exception as error:  # whatever it is: an exception that leaves a protocol is only logged by asyncio
            self._ended(error)
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self._ended(exc)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.transport.close()


def _key(challenge: str, secret: str) -> str:
    """What MD5 makes of a challenge; the manager interface knows no better hash."""
    return md5((challenge + secret).encode(), usedforsecurity=False).hexdigest()
