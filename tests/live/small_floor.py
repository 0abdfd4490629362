"""Ten agents whose states change when a test says so, and a writer that does not keep it waiting."""

from ccd.floor.seats import State
from ccd.live.batch import AgentReading, LiveBatch
from ccd.live.writer import WriterLimits
from tests.live.readings import Agent

QUICK = WriterLimits(batch_pause_s=0.001, heartbeat_s=0.1, retry_delay_s_min=0.02, retry_delay_s_max=0.1)


class SmallFloor:
    """Ten agents, and what of them has changed: what the crew is in the daemon."""

    def __init__(self) -> None:
        self.agents = {str(number): Agent(str(number)).turns(0, State.AVAILABLE) for number in range(1001, 1011)}
        self.changed: set[str] = set()
        self.asked = 0

    def turn(self, agent: str, at_s: float, state: State) -> None:
        self.agents[agent].turns(at_s, state)
        self.changed.add(agent)

    def changes(self) -> LiveBatch:
        self.asked += 1
        changed, self.changed = self.changed, set()
        return LiveBatch([self._reading(agent) for agent in sorted(changed)])

    def everything(self) -> LiveBatch:
        self.changed = set()
        return LiveBatch(self._reading(agent) for agent in list(self.agents))

    def states(self) -> dict[str, str]:
        return {agent: day.reading().merged.state.name.lower() for agent, day in self.agents.items()}

    def _reading(self, agent: str) -> AgentReading:
        return self.agents[agent].now()
