"""What the simulated switch answers to actions, held against what a real Asterisk 22 answered to the same ones."""

import hashlib
from functools import lru_cache

import pytest

from ccd.floor.days import SECOND
from ccd.pbx.blocks import Blocks, headers_of
from ccd.pbx.simulator.requests import Request, Requests
from ccd.pbx.simulator.session import AmiSession, ManagerUser
from ccd.pbx.simulator.staff import Phone
from ccd.pbx.simulator.switch import Switch
from tests.pbx.simulator.captured import blocks, header_names
from tests.pbx.simulator.test_against_asterisk import SALES, SUPPORT, WANG, Lead

NOW_S = 200
BOOTED = 1_795_543_000 * SECOND
ACCOUNT = ManagerUser("ccd", "s3cret")


def lead() -> Lead:
    lead = Lead(SUPPORT, SALES)
    lead.sign_in(81, "support", "sales")
    return lead


def session(switch: Switch | None = None, *, logged_in: bool = True) -> AmiSession:
    session = AmiSession(ACCOUNT, switch or lead().switch, BOOTED)
    session.authenticated = logged_in
    return session


def ask(asked: AmiSession, *, at_s: float = NOW_S, **headers: str) -> list[dict[str, str]]:
    return [headers_of(block) for block in Blocks().feed(raw(asked, at_s=at_s, **headers))]


def raw(asked: AmiSession, *, at_s: float = NOW_S, **headers: str) -> bytes:
    request = Request({name.lower(): value for name, value in headers.items()})
    return asked.answer(request, Lead(SUPPORT).us(at_s)).encode()


@lru_cache
def answered(action_id: str, capture: str = "22.pjsip.ami") -> list[bytes]:
    """The blocks with which the real Asterisk answered one action."""
    mark = f"\r\nActionID: {action_id}".encode()
    return [block for block in blocks(capture) if block.endswith(mark) or mark + b"\r\n" in block]


PJSIP = "PJSIP/1001"


@pytest.mark.parametrize(
    ("action_id", "request_headers"),
    [
        ("p1", {"Action": "Login", "Username": "ccd", "Secret": "s3cret", "Events": "off"}),
        ("p2", {"Action": "Ping"}),
        ("p3", {"Action": "CoreSettings"}),
        ("p4", {"Action": "CoreStatus"}),
        ("p5", {"Action": "Challenge", "AuthType": "MD5"}),
        ("p6", {"Action": "Agents"}),
        ("p12", {"Action": "QueueSummary"}),
        ("p13", {"Action": "QueueSummary", "Queue": "support"}),
        ("p14", {"Action": "QueueStatus", "Queue": "support"}),
        ("p15", {"Action": "QueueStatus", "Queue": "nosuch"}),
        ("p28", {"Action": "QueueRemove", "Queue": "support", "Interface": PJSIP}),
        ("p39", {"Action": "QueuePause", "Interface": PJSIP, "Paused": "true", "Reason": "ticket"}),
        ("p58", {"Action": "Logoff"}),
    ],
)
def test_an_answer_has_the_blocks_and_headers_of_the_real_one(action_id, request_headers):
    found = Blocks().feed(raw(session(), ActionID=action_id, **request_headers))
    expected = answered(action_id)
    assert expected
    assert [header_names(block) for block in found] == [header_names(block) for block in expected]


@pytest.mark.parametrize(
    ("action_id", "request_headers"),
    [
        ("p7", {"Action": "QueueAdd", "Queue": "sales", "Interface": "PJSIP/1002"}),
        ("p9", {"Action": "QueueAdd", "Queue": "support", "Interface": PJSIP}),
        ("p10", {"Action": "QueueAdd", "Queue": "nosuch", "Interface": PJSIP}),
        ("p11", {"Action": "QueueAdd", "Queue": "support"}),
        ("p28", {"Action": "QueueRemove", "Queue": "support", "Interface": PJSIP}),
        ("p30", {"Action": "QueueRemove", "Queue": "sales", "Interface": "PJSIP/1002"}),
        ("p39", {"Action": "QueuePause", "Interface": PJSIP, "Paused": "true"}),
        ("p41", {"Action": "QueuePause", "Interface": PJSIP, "Queue": "sales", "Paused": "false"}),
        ("p42", {"Action": "QueuePause", "Interface": PJSIP, "Queue": "nosuch", "Paused": "false"}),
        ("p43", {"Action": "QueuePause", "Interface": "PJSIP/9999", "Paused": "false"}),
        ("p44", {"Action": "QueuePause", "Paused": "false"}),
        ("p45", {"Action": "QueuePause", "Interface": PJSIP}),
        ("p56", {"Action": "Bogus"}),
        ("p58", {"Action": "Logoff"}),
    ],
)
def test_an_action_is_answered_in_the_real_ones_words(action_id, request_headers):
    assert raw(session(), ActionID=action_id, **request_headers) == answered(action_id)[0] + b"\r\n\r\n"


def test_the_events_switch_is_answered_in_the_real_ones_words():
    for action_id, headers in (("p7", {"eventmask": "off"}), ("p8", {"eventmask": "agent"}), ("p9", {})):
        (real,) = answered(action_id, "22.autopause.ami")
        request = Request({"action": "Events", "actionid": action_id} | headers)
        assert session().answer(request, 0).encode() == real + b"\r\n\r\n"


def test_a_status_tells_members_and_waiting_callers_as_they_are():
    floor = lead()
    floor.switch.pause(floor.us(90), WANG.interface, "support", paused=True, reason="toilet")
    floor.switch.join(floor.us(100), "support", "5550002")
    floor.switch.join(floor.us(120.5), "support", "5550003")
    _, params, member, first, second, complete = ask(session(floor.switch), Action="QueueStatus", Queue="support")
    assert (params["Calls"], params["Completed"]) == ("2", "0")
    assert (member["Name"], member["Location"], member["Status"]) == (WANG.name, WANG.interface, "1")
    assert (member["Paused"], member["PausedReason"], member["LastPause"]) == ("1", "toilet", "1795543090")
    assert [(entry["Position"], entry["Wait"]) for entry in (first, second)] == [("1", "100"), ("2", "80")]
    assert complete["ListItems"] == "4"
    real = next(block for block in answered("p19") if block.startswith(b"Event: QueueEntry"))
    assert [*first] == [name for name in header_names(real) if name != "ActionID"]


def test_completed_calls_move_the_averages_and_the_service_level():
    floor = lead()
    for start_s, held_s in ((100, 4), (200, 44)):
        wang = floor.call(start_s, "support")
        floor.switch.answer(floor.us(start_s + held_s), wang, status_first=False)
        floor.switch.end_call(floor.us(start_s + held_s + 10), wang, "agent")
        floor.switch.place(wang, floor.us(start_s + 99))
    _, params, *_ = ask(session(floor.switch), Action="QueueStatus", Queue="support")
    assert (params["Completed"], params["Holdtime"], params["TalkTime"]) == ("2", "14", "10")
    assert (params["ServicelevelPerf"], params["ServicelevelPerf2"]) == ("50.0", "50.0")


def test_a_summary_counts_who_is_there_and_who_could_take_a_call():
    floor = lead()
    floor.sign_in(82, "support", phone=Phone("PJSIP/1002", "李娜"))
    floor.switch.pause(floor.us(90), "PJSIP/1002", None, paused=True)
    _, summary, _ = ask(session(floor.switch), Action="QueueSummary", Queue="support")
    assert (summary["LoggedIn"], summary["Available"], summary["LongestHoldTime"]) == ("2", "1", "0")


def test_a_ping_is_never_earlier_than_what_was_said_before_it():
    floor = lead()
    (pong,) = ask(session(floor.switch), Action="Ping", at_s=70)
    assert pong == {"Response": "Success", "Ping": "Pong", "Timestamp": "1795543081.300000"}
    (pong,) = ask(session(floor.switch), Action="Ping", at_s=99.5)
    assert pong["Timestamp"] == "1795543099.500000"


@pytest.mark.parametrize(
    "headers", [{"Secret": "no"}, {"Username": "x", "Secret": "s3cret"}, {"AuthType": "MD5", "Key": "0"}]
)
def test_a_wrong_login_is_refused_and_ends_the_connection(headers):
    stranger = session(logged_in=False)
    assert ask(stranger, Action="Login", **({"Username": "ccd"} | headers)) == [
        {"Response": "Error", "Message": "Authentication failed"}
    ]
    assert stranger.over
    assert not stranger.authenticated


def test_an_md5_login_proves_the_secret_without_sending_it():
    client = session(logged_in=False)
    (challenge,) = ask(client, Action="Challenge", AuthType="MD5")
    key = hashlib.md5((challenge["Challenge"] + "s3cret").encode(), usedforsecurity=False).hexdigest()
    accepted, booted = ask(client, Action="Login", AuthType="MD5", Username="ccd", Key=key)
    assert accepted["Message"] == "Authentication accepted"
    assert (booted["Event"], booted["Uptime"]) == ("FullyBooted", "200")
    assert client.authenticated


def test_before_a_login_everything_is_denied():
    assert ask(session(logged_in=False), Action="QueueStatus") == [
        {"Response": "Error", "Message": "Permission denied"}
    ]


def test_a_client_without_events_is_not_told_that_the_switch_is_booted():
    answers = ask(session(logged_in=False), Action="Login", Username="ccd", Secret="s3cret", Events="off")
    assert [answer["Response"] for answer in answers] == ["Success"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"Action: Ping\r\nActionID: 1\r\n\r\n", ["ping"]),
        (b"action:ping\nACTIONID: 1\n\n", ["ping"]),
        (b"\r\n\r\nAction: Ping\r\n\r\nAction: Agents\r\n\r\n", ["ping", "agents"]),
        (b"Action: Ping\r\n", []),
        (b"garbage\r\n\r\n", [""]),
        (b"A" * 5_000 + b"\r\n\r\nAction: Ping\r\n\r\n", ["line too long", "ping"]),
        (b"X: 1\r\n" * 200 + b"\r\n", ["too many lines"]),
    ],
)
def test_requests_are_cut_out_of_the_stream_wherever_it_is_torn(data, expected):
    for size in (1, 7, len(data)):
        reader = Requests()
        found = [r for n in range(0, len(data), size) for r in reader.feed(data[n : n + size])]
        assert [request.fault or request.action.lower() for request in found] == expected


def test_a_line_without_an_end_is_not_kept_for_ever():
    reader = Requests()
    for _ in range(100):
        assert reader.feed(b"A" * 10_000) == []
    ended, ping = reader.feed(b"\r\n\r\nAction: Ping\r\n\r\n")
    assert (ended.fault, ping.action) == ("line too long", "Ping")
