"""The simulated switch is led through what a real Asterisk 22 was led through, and has to say the same."""

from collections.abc import Callable
from functools import lru_cache

import pytest

from ccd.pbx.blocks import Blocks, event_name, headers_of
from ccd.pbx.simulator import ami_text
from ccd.pbx.simulator.queues import QueueKind
from ccd.pbx.simulator.speech import FREE, IN_USE, RINGING, UNAVAILABLE
from ccd.pbx.simulator.staff import Phone
from ccd.pbx.simulator.switch import Handset, Switch
from tests.pbx.simulator.captured import between, blocks, events, facts, header_names

WANG = Phone("PJSIP/1001", "王芳")
SUPPORT = QueueKind("support", 3, "no", talk_s_median=60, talk_sigma=0.5, ring_s_max=5)
SALES = QueueKind("sales", 0, "yes", talk_s_median=60, talk_sigma=0.5, ring_s_max=5)
SALES_ALL = QueueKind("sales", 0, "all", talk_s_median=60, talk_sigma=0.5, ring_s_max=5)
DAY_S = 1_795_543_000  # the captures' seconds count from here


class Lead:
    """Leads a switch by seconds after DAY_S."""

    def __init__(self, *kinds: QueueKind) -> None:
        self.switch = Switch(kinds)

    def us(self, s: float) -> int:
        return round((DAY_S + s) * 1_000_000)

    def sign_in(self, s: float, *queues: str, phone: Phone = WANG, reason: str = "") -> None:
        for n, queue in enumerate(queues):
            self.switch.add(self.us(s + 0.3 * n), phone, queue, bool(reason), reason)

    def call(self, s: float, queue: str) -> Handset:
        self.switch.join(self.us(s), queue, "5550001")
        return self.offer(s, queue)

    def offer(self, s: float, queue: str) -> Handset:
        offer = self.switch.next_offer(queue)
        assert offer is not None
        self.switch.ring(self.us(s), *offer)
        return offer[1]

    def said(self) -> list[bytes]:
        return Blocks().feed(ami_text.blocks(self.switch.heard()))


def the_day_of_22_pjsip() -> Lead:
    """Each line is a cause that stands in the capture, at its time there."""
    lead = Lead(SUPPORT, SALES)
    switch, us = lead.switch, lead.us
    lead.sign_in(81.034, "support", "sales")
    wang = lead.call(83.744890, "support")
    switch.answer(us(85.750535), wang, status_first=True)
    switch.end_call(us(88.751301), wang, "agent")
    switch.place(wang, us(93))
    lead.call(93.347991, "support")
    switch.ring_out(us(98.354722), wang)
    lead.offer(99.358021, "support")
    switch.ring_out(us(104.363803), wang)
    lead.offer(105.367115, "support")
    switch.answer(us(106.369189), wang, status_first=True)
    switch.end_call(us(109.370574), wang, "agent")
    switch.place(wang, us(114))
    lead.call(114.254761, "support")
    caller = next(iter(switch.queues["support"].callers.values()))
    switch.give_up(us(117.759128), caller, wang)
    lead.call(121.858975, "support")
    switch.answer(us(122.862538), wang, status_first=False)
    switch.end_call(us(125.363221), wang, "caller")
    switch.place(wang, us(130))
    lead.call(130.462466, "sales")
    switch.ring_out(us(135.468921), wang)
    switch.pause(us(138.762944), WANG.interface, None, paused=False)
    lead.offer(139.476779, "sales")
    switch.answer(us(140.478671), wang, status_first=False)
    switch.remove(us(145.367496), WANG.interface, "support")
    switch.remove(us(145.668623), WANG.interface, "sales")
    switch.end_call(us(148.480549), wang, "agent")
    lead.sign_in(158.272129, "support", "sales", reason="toilet")
    switch.pause(us(158.874512), WANG.interface, None, paused=False)
    switch.device(us(167.718152), wang, UNAVAILABLE)
    switch.device(us(172.718300), wang, FREE)
    lead.call(178.385095, "support")
    switch.pause(us(179.687760), WANG.interface, None, paused=True, reason="ticket")
    switch.answer(us(180.389450), wang, status_first=False)
    switch.end_call(us(183.390260), wang, "agent")
    switch.pause(us(186.989410), WANG.interface, None, paused=True, reason="meal")
    switch.pause(us(187.289975), WANG.interface, "sales", paused=False)
    switch.pause(us(188.794885), WANG.interface, None, paused=False)
    switch.device(us(189.399403), wang, RINGING)
    switch.device(us(190.400843), wang, IN_USE)
    switch.device(us(192.402657), wang, FREE)
    return lead


@lru_cache
def said_and_captured() -> tuple[list[bytes], list[bytes]]:
    return the_day_of_22_pjsip().said(), blocks("22.pjsip.ami")


@pytest.mark.parametrize(
    ("what", "start_s", "end_s"),
    [
        ("sign-in to two queues", 81.0, 82),
        ("a call answered, the agent hangs up", 83.7, 89),
        ("rung out twice, then answered", 93.3, 110),
        ("the caller gives up while the phone rings", 114.2, 118),
        ("the caller hangs up after half a second more than two", 121.8, 126),
        ("rung out, paused by the queue, unpaused, answered", 130.4, 141),
        ("removed during the call", 145.3, 149),
        ("added as paused, unpaused", 158.2, 159.4),
        ("the phone is away, and back", 167.7, 173),
        ("paused while it rings", 178.3, 184),
        ("another reason, unpaused in one queue, then in all", 186.9, 189),
        ("a private call", 189.3, 193),
    ],
)
def test_it_says_what_asterisk_said(what, start_s, end_s):
    said, captured = said_and_captured()
    expected = between(events(captured), DAY_S + start_s, DAY_S + end_s)
    found = between(events(said), DAY_S + start_s, DAY_S + end_s)
    assert expected, what
    assert [facts(block) for block in found] == [facts(block) for block in expected]
    assert [header_names(block) for block in found] == [header_names(block) for block in expected]


def test_auto_pause_in_all_queues_comes_before_the_status():
    lead = Lead(SUPPORT, SALES_ALL)
    lead.sign_in(448.0, "support", "sales")
    lead.switch.heard()
    wang = lead.call(456.0, "sales")
    lead.switch.ring_out(lead.us(461.673973), wang)
    captured = between(events(blocks("22.autopause.ami")), DAY_S + 455, DAY_S + 462)
    assert len(captured) == 9
    assert [facts(block) for block in events(lead.said())] == [facts(block) for block in captured]


def test_a_caller_who_gives_up_with_no_phone_ringing_abandons_and_then_leaves():
    lead = Lead(SUPPORT, SALES)
    caller = lead.switch.join(lead.us(0.2), "sales", "5551236")
    lead.switch.give_up(lead.us(6.3), caller, None)
    captured = between(events(blocks("22.ami")), 1_795_466_162.5, 1_795_466_169)
    assert [facts(block) for block in lead.said()] == [facts(block) for block in captured]


def test_pausing_in_all_queues_is_one_event_a_queue_microseconds_apart():
    lead = Lead(SUPPORT, SALES)
    lead.sign_in(1, "support", "sales")
    lead.switch.heard()
    lead.switch.pause(lead.us(2), WANG.interface, None, paused=True, reason="water")
    first, second = lead.switch.heard()
    assert 0 < second.at - first.at < 200
    captured = between(events(blocks("22.ami")), 1_795_466_142.7, 1_795_466_142.9)
    assert [facts(block)["Queue"] for block in captured] == ["support", "sales"]


def by_name(stream: list[bytes]) -> dict[str, list[list[str]]]:
    """For each event's name the lists of headers it came with."""
    names: dict[str, list[list[str]]] = {}
    for block in stream:
        found = names.setdefault(event_name(block).decode(), [])
        if header_names(block) not in found:
            found.append(header_names(block))
    return names


def test_every_event_has_the_headers_of_the_real_one_in_their_order():
    said = by_name(said_and_captured()[0])
    real = by_name(events(blocks("22.pjsip.ami"), ("Agent", "Queue", "Peer", "Contact")))
    assert set(said) == {
        *("QueueMemberAdded", "QueueMemberRemoved", "QueueMemberPause", "QueueMemberStatus"),
        *("QueueCallerJoin", "QueueCallerLeave", "QueueCallerAbandon"),
        *("AgentCalled", "AgentConnect", "AgentComplete", "AgentRingNoAnswer", "PeerStatus", "ContactStatus"),
    }
    assert said == {name: lists for name, lists in real.items() if name in said}


def bare_complete(lead: Lead, handset: Handset) -> None:
    lead.switch.end_call(lead.us(9), handset, "caller", bare=True)


def full_complete(lead: Lead, handset: Handset) -> None:
    lead.switch.end_call(lead.us(9), handset, "caller", bare=False)


@pytest.mark.parametrize(("end", "names_a_call"), [(bare_complete, False), (full_complete, True)])
def test_an_end_without_channels_names_only_queue_and_member(end: Callable[[Lead, Handset], None], names_a_call):
    lead = Lead(SUPPORT, SALES)
    lead.sign_in(1, "support")
    wang = lead.call(2, "support")
    lead.switch.answer(lead.us(4), wang, status_first=False)
    end(lead, wang)
    (complete,) = (block for block in lead.said() if event_name(block) == b"AgentComplete")
    headers = headers_of(complete)
    assert ("Uniqueid" in headers) is names_a_call
    assert headers["Interface"] == WANG.interface
    assert headers["TalkTime"] == "5"
