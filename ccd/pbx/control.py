"""What is asked of Asterisk about a member of its queues, and what its answers mean.

Asked is queue by queue, so that each answer is about one. Pausing and taking out are what any manager account may
that has `write = agent`. A static member can't be taken out; where it is a pool agent's it can be logged off instead,
softly: nobody's call is cut. An action that is not answered in time is forgotten, and never sent again: done late, it
would charge somebody. Nor is the next one sent then.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from ccd.errors import NotAskedError, PbxError
from ccd.org.orders import Answered, OrderAnswer
from ccd.pbx.ami import is_stopping

POOL = "Agent/"  # how the seats of app_agent_pool begin, where they are members as such
# What Asterisk 16 to 22 say, in lower case.
MEANINGS = (
    ("permission denied", Answered.DENIED),
    ("not dynamic", Answered.STATIC),
    ("not there", Answered.NOT_THERE),
    ("not found", Answered.NOT_THERE),
    ("no such queue", Answered.NOT_THERE),
    ("no such agent", Answered.NOT_THERE),
)


class FollowedPbx(Protocol):
    """As much of a followed PBX as is needed here."""

    async def ask(self, action: str, **headers: str) -> Mapping[str, str]: ...


class Control:
    """`pool_agents` says of which seats the telephone is a pool agent, and of which."""

    def __init__(self, name: str, pbx: FollowedPbx, pool_agents: Mapping[str, str]) -> None:
        self._name, self._pbx, self._pool_agents = name, pbx, pool_agents
        self._silent = ""  # why it is asked no more, once it has not answered

    async def pause(self, seat: str, queues: Iterable[str], reason: str) -> list[OrderAnswer]:
        return [await self._of(seat, queue, "QueuePause", Paused="true", Reason=reason) for queue in queues]

    async def unpause(self, seat: str, queues: Iterable[str]) -> list[OrderAnswer]:
        return [await self._of(seat, queue, "QueuePause", Paused="false") for queue in queues]

    async def sign_out(self, seat: str, queues: Iterable[str]) -> list[OrderAnswer]:
        if seat.startswith(POOL):
            return [await self._log_off(seat, seat.removeprefix(POOL))]
        answers = [await self._of(seat, queue, "QueueRemove") for queue in queues]
        static = [each for each in answers if each.answered is Answered.STATIC]
        if static and (agent := self._pool_agents.get(seat)):
            others = [each for each in answers if each not in static]
            return [*others, await self._log_off(seat, agent)]
        return answers

    async def _of(self, seat: str, queue: str, action: str, **headers: str) -> OrderAnswer:
        return await self._ask(seat, queue, action, Queue=queue, Interface=seat, **headers)

    async def _log_off(self, seat: str, agent: str) -> OrderAnswer:
        return await self._ask(seat, "", "AgentLogoff", Agent=agent, Soft="true")

    async def _ask(self, seat: str, queue: str, action: str, **headers: str) -> OrderAnswer:
        if self._silent:
            return OrderAnswer(self._name, seat, queue, Answered.NOT_ASKED, self._silent)
        try:
            answer = await self._pbx.ask(action, **headers)
        except NotAskedError as error:
            return OrderAnswer(self._name, seat, queue, Answered.NOT_ASKED, str(error))
        except PbxError as error:
            self._silent = str(error)
            return OrderAnswer(self._name, seat, queue, Answered.UNKNOWN, self._silent)
        return OrderAnswer(self._name, seat, queue, _meaning(answer), answer.get("Message", ""))


def _meaning(answer: Mapping[str, str]) -> Answered:
    if answer["Response"] == "Success":
        return Answered.DONE
    if is_stopping(answer):
        return Answered.NOT_ASKED
    said = answer.get("Message", "").lower()
    return next((meaning for words, meaning in MEANINGS if words in said), Answered.REFUSED)
