"""A floor under load: so many agents, so many events a second, and all of it sense."""

import time
from collections import Counter
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from ccd.floor.days import SECOND
from ccd.pbx.blocks import Blocks, event_name, stamp
from ccd.pbx.simulator.ami_text import blocks
from ccd.pbx.simulator.life import Life, midnight_of
from ccd.pbx.simulator.load import Load, load_stream
from ccd.pbx.simulator.staff import staff

START = 1_795_482_000 * SECOND


def cut(stream: list[bytes]) -> list[bytes]:
    return Blocks().feed(b"".join(stream))


@pytest.mark.parametrize(("agents", "per_s", "seconds"), [(10, 50, 4), (60, 1_000, 2), (500, 5_000, 1)])
def test_a_stream_has_the_agents_and_the_events_that_were_asked_for(agents, per_s, seconds):
    stream = cut(list(load_stream(agents, per_s, seconds)))
    events = [block for block in stream if (stamp(block) or 0) >= START]
    sign_ins = stream[: len(stream) - len(events)]
    assert {event_name(block) for block in sign_ins} == {b"QueueMemberAdded"}
    assert len(sign_ins) == sum(len(person.queues) for person in staff(agents, 1))
    assert len(events) == per_s * seconds
    times = [stamp(block) or 0 for block in events]
    assert times == sorted(set(times))
    assert (times[-1] - times[0]) / SECOND == pytest.approx(seconds, rel=0.05)


def test_the_load_is_a_mixture_of_all_that_a_floor_says():
    names = Counter(event_name(block).decode() for block in cut(list(load_stream(60, 2_000, 2))))
    assert set(names) == {
        *("QueueMemberAdded", "QueueMemberPause", "QueueMemberStatus", "QueueCallerJoin", "QueueCallerLeave"),
        *("AgentCalled", "AgentConnect", "AgentComplete"),
    }
    assert names["QueueMemberPause"] > 400
    assert names["AgentCalled"] >= names["AgentConnect"] >= names["AgentComplete"] > 200


def test_the_same_load_is_the_same_bytes():
    assert list(load_stream(20, 500, 1)) == list(load_stream(20, 500, 1))


def test_a_load_keeps_its_rate_however_it_is_asked():
    at_once = Load(40, 1_000, START).run_until(START + SECOND)
    bit_by_bit = Load(40, 1_000, START)
    said = [speech for tenth in range(11) for speech in bit_by_bit.run_until(START + tenth * SECOND // 10)]
    assert said == at_once


def test_five_thousand_agents_at_ten_times_real_time_take_less_than_a_core():
    speed = 10
    begins = midnight_of(date(2026, 11, 23), ZoneInfo("Asia/Shanghai")) + 34_000 * SECOND
    life = Life(staff(5_000, 1), date(2026, 11, 23), ZoneInfo("Asia/Shanghai"), 1)
    life.run_until(begins)
    busy_s = time.process_time()
    said = life.run_until(begins + 200 * SECOND)
    assert len(blocks(said)) > 200 * len(said)
    busy_s = time.process_time() - busy_s
    assert len(said) / 200 > 50
    assert busy_s < 0.8 * 200 / speed
