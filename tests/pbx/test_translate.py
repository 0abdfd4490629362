"""AMI's headers, with all that may be missing from them, as the floor's events."""

from inspect import signature

import pytest

from ccd.floor.events import (
    AgentLogged,
    CallConnected,
    CallEnded,
    CallerJoined,
    CallerLeft,
    CallOffered,
    Device,
    DeviceChanged,
    MemberAdded,
    MemberPaused,
    MemberRemoved,
    OfferEnded,
    PbxEvent,
)
from ccd.pbx.translate import QUEUE_EVENTS, Flaw, Flawed, Scope, Translator

AT, REF = 1_795_466_140_427_029, 20261123_000000007
SEAT = "PJSIP/1001"
MEMBER = {"Queue": "support", "MemberName": "Ann", "Interface": SEAT}
FULL = MEMBER | {
    "StateInterface": SEAT,
    "Membership": "dynamic",
    "LastPause": "1795466140",
    "LoginTime": "1795466139",
    "InCall": "0",
    "Status": "1",
    "Paused": "1",
    "PausedReason": "打水",
    "Wrapuptime": "15",
}
BARE = {"Queue": "support", "Interface": SEAT, "Paused": "1"}  # the least that a header may be relied on for
CALL = MEMBER | {"Uniqueid": "1795466146.0", "Linkedid": "1795466100.0", "DestUniqueid": "1795466146.2"}


def told(translator: Translator, name: bytes, headers: dict[str, str], at: int | None, ref: int) -> PbxEvent | None:
    values = [headers.get(header, "") for header in QUEUE_EVENTS[name].headers]
    return translator.event(name, values, at, ref)


def check(name: str, headers: dict[str, str], expected: PbxEvent, scope: Scope | None = None) -> None:
    translator = Translator(scope or Scope())
    assert told(translator, name.encode(), headers, AT, REF) == expected
    assert not translator.rejected


@pytest.mark.parametrize(
    ("name", "headers", "expected"),
    [
        ("QueueMemberAdded", FULL, MemberAdded(AT, REF, SEAT, "Ann", "support", True, "打水", Device.FREE, 15)),
        ("QueueMemberAdded", BARE, MemberAdded(AT, REF, SEAT, "", "support", True, "", Device.FREE, 0)),
        (
            "QueueMemberAdded",
            FULL | {"Paused": "0"},
            MemberAdded(AT, REF, SEAT, "Ann", "support", False, "", Device.FREE, 15),
        ),
        ("QueueMemberRemoved", FULL, MemberRemoved(AT, REF, SEAT, "Ann", "support")),
        ("QueueMemberPause", FULL, MemberPaused(AT, REF, SEAT, "Ann", "support", True, "打水")),
        ("QueueMemberPause", BARE, MemberPaused(AT, REF, SEAT, "", "support", True, "")),
        ("QueueMemberPause", FULL | {"Paused": "0"}, MemberPaused(AT, REF, SEAT, "Ann", "support", False, "打水")),
        ("QueueMemberStatus", FULL, DeviceChanged(AT, REF, SEAT, "Ann", "support", Device.FREE, False)),
        ("QueueMemberStatus", BARE, DeviceChanged(AT, REF, SEAT, "", "support", Device.FREE, None)),
        ("AgentCalled", CALL, CallOffered(AT, REF, SEAT, "Ann", "support", "1795466146.0")),
        ("AgentConnect", CALL, CallConnected(AT, REF, SEAT, "Ann", "support", "1795466146.0", 0)),
        (
            "AgentConnect",
            CALL | {"Wrapuptime": "9"},
            CallConnected(AT, REF, SEAT, "Ann", "support", "1795466146.0", 9),
        ),
        ("AgentComplete", CALL | {"Reason": "agent"}, CallEnded(AT, REF, SEAT, "Ann", "support", "1795466146.0")),
        ("AgentComplete", MEMBER | {"Reason": "caller"}, CallEnded(AT, REF, SEAT, "Ann", "support", None)),
        ("AgentRingNoAnswer", CALL, OfferEnded(AT, REF, SEAT, "Ann", "support", "1795466146.0", missed=True)),
        ("AgentDump", CALL, OfferEnded(AT, REF, SEAT, "Ann", "support", "1795466146.0", missed=False)),
        ("QueueCallerJoin", CALL, CallerJoined(AT, REF, "support", "1795466146.0")),
        ("QueueCallerLeave", CALL, CallerLeft(AT, REF, "support", "1795466146.0", abandoned=False)),
        ("QueueCallerAbandon", CALL, CallerLeft(AT, REF, "support", "1795466146.0", abandoned=True)),
        ("AgentLogin", {"Agent": "1009", "Channel": "PJSIP/1-1"}, AgentLogged(AT, REF, "Agent/1009", True)),
        ("AgentLogoff", {"Agent": "1009", "Logintime": "2"}, AgentLogged(AT, REF, "Agent/1009", False)),
    ],
)
def test_each_event_becomes_its_own_word(name, headers, expected):
    check(name, headers, expected)


ARGUMENTS = {
    "Timestamp": "at",
    "Queue": "queue",
    "Interface": "seat",
    "MemberName": "name",
    "Membership": "membership",
    "Status": "status",
    "StateInterface": "other",
    "Paused": "paused",
    "PausedReason": "reason",
    "Wrapuptime": "wrap_up_s",
    "InCall": "told_in_call",
    "Uniqueid": "call",
    "Agent": "agent",
}


@pytest.mark.parametrize("name", QUEUE_EVENTS, ids=bytes.decode)
def test_each_header_meets_the_argument_that_it_is_for(name: bytes) -> None:
    meaning = QUEUE_EVENTS[name]
    when, *values = (ARGUMENTS[header] for header in meaning.headers)
    assert list(signature(meaning.translate).parameters) == ["self", when, "ref", *values]
    assert meaning.headers[:2] == ("Timestamp", "Queue"), "looked at before the event is translated"


@pytest.mark.parametrize(
    ("status", "device"),
    [
        ("0", Device.FREE),
        ("1", Device.FREE),
        ("2", Device.IN_USE),
        ("3", Device.IN_USE),
        ("4", Device.UNREACHABLE),
        ("5", Device.UNREACHABLE),
        ("6", Device.RINGING),
        ("7", Device.IN_USE),
        ("8", Device.IN_USE),
        ("99", Device.FREE),
    ],
)
def test_a_status_number_is_what_the_telephone_does(status, device):
    check("QueueMemberStatus", BARE | {"Status": status}, DeviceChanged(AT, REF, SEAT, "", "support", device, None))


@pytest.mark.parametrize(
    ("seat", "told", "in_call"),
    [
        ("PJSIP/1001", "1", True),
        ("PJSIP/1001", "0", False),
        ("Agent/1001", "0", False),
        ("Local/1001@agents/n", "0", False),
        ("Local/1001@agents/nj", "0", False),
        ("Local/1001@agents", "1", True),
        ("Local/1001@agents", "0", None),
        ("Local/1001@agents/m", "0", None),
    ],
)
def test_of_a_local_seat_that_asterisk_optimises_away_nobody_says_that_it_is_in_no_call(seat, told, in_call):
    headers = {"Queue": "support", "Interface": seat, "InCall": told}
    check("QueueMemberStatus", headers, DeviceChanged(AT, REF, seat, "", "support", Device.FREE, in_call))
    row = Translator(Scope()).member_row(headers)
    assert row is not None
    assert row.in_call is in_call


@pytest.mark.parametrize(
    ("seat", "state_interface", "status", "device"),
    [
        ("Local/1001@agents/n", "Local/1001@agents/n", "2", Device.MIRRORED),
        ("Local/1001@agents/n", "", "3", Device.MIRRORED),
        ("Local/1001@agents/n", "Local/9@else", "7", Device.MIRRORED),
        ("Local/1001@agents/n", "Local/1001@agents/n", "8", Device.MIRRORED),
        ("Local/1001@agents/n", "PJSIP/1001", "2", Device.IN_USE),
        ("Local/1001@agents/n", "hint:1001@ext-local", "8", Device.IN_USE),
        ("Local/1001@agents/n", "Local/1001@agents/n", "1", Device.FREE),
        ("Local/1001@agents/n", "Local/1001@agents/n", "6", Device.RINGING),
        ("Local/1001@agents/n", "Local/1001@agents/n", "5", Device.UNREACHABLE),
        ("SIP/1001", "Local/1001@agents/n", "2", Device.IN_USE),
        ("Agent/1009", "Agent:1009", "2", Device.IN_USE),
    ],
)
def test_a_local_seats_own_device_only_mirrors_the_queues_call(seat, state_interface, status, device):
    headers = {"Queue": "q", "Interface": seat, "StateInterface": state_interface, "Status": status}
    check("QueueMemberStatus", headers, DeviceChanged(AT, REF, seat, "", "q", device, None))


@pytest.mark.parametrize(
    ("name", "headers", "at", "flaw"),
    [
        ("QueueMemberAdded", FULL, None, Flaw.NO_TIME),
        ("QueueMemberPause", {"Queue": "q", "Paused": "1"}, AT, Flaw.NO_SEAT),
        ("QueueMemberPause", {"Interface": SEAT, "Paused": "1"}, AT, Flaw.NO_QUEUE),
        ("QueueMemberPause", MEMBER, AT, Flaw.NO_PAUSE),
        ("QueueMemberPause", MEMBER | {"Paused": "yes"}, AT, Flaw.NO_PAUSE),
        ("QueueMemberRemoved", {}, AT, Flaw.NO_SEAT),
        ("QueueMemberStatus", {"Interface": ""}, AT, Flaw.NO_SEAT),
        ("AgentCalled", MEMBER, AT, Flaw.NO_CALL),
        ("AgentConnect", MEMBER, AT, Flaw.NO_CALL),
        ("AgentRingNoAnswer", MEMBER, AT, Flaw.NO_CALL),
        ("AgentDump", {"Uniqueid": "1.1"}, AT, Flaw.NO_SEAT),
        ("QueueCallerJoin", {"Queue": "q"}, AT, Flaw.NO_CALL),
        ("QueueCallerAbandon", {"Uniqueid": "1.1"}, AT, Flaw.NO_QUEUE),
        ("AgentLogin", {}, AT, Flaw.NO_SEAT),
    ],
)
def test_what_cannot_be_translated_is_rejected_by_name_and_counted(name, headers, at, flaw):
    translator = Translator(Scope())
    for _ in range(2):
        assert told(translator, name.encode(), headers, at, REF) is None
    assert translator.rejected == {Flawed(name, flaw): 2}


@pytest.mark.parametrize(
    ("scope", "taken"),
    [
        (Scope(), {"support", "sales", "spare"}),
        (Scope(include=("support",)), {"support"}),
        (Scope(exclude=("spare",)), {"support", "sales"}),
        (Scope(include=("s*",), exclude=("sp???", "sal*")), {"support"}),
    ],
)
def test_queues_that_are_not_ours_are_left_out_everywhere(scope, taken):
    translator = Translator(scope)
    queues = {"support", "sales", "spare"}
    assert {queue for queue in queues if translator.takes(queue)} == taken
    assert {queue for queue in queues if translator.member_row({"Queue": queue, "Location": SEAT})} == taken
    assert {queue for queue in queues if translator.waiting_row({"Queue": queue, "Uniqueid": "1"})} == taken
    assert translator.takes("")


def test_a_static_member_is_signed_in_while_its_telephone_is_registered():
    translator = Translator(Scope(static_members="registered"))
    static = FULL | {"Membership": "static"}
    gone, back = static | {"Status": "5"}, static | {"Status": "1"}

    def said(headers: dict[str, str], name: bytes = b"QueueMemberStatus") -> PbxEvent | None:
        return told(translator, name, headers, AT, REF)

    assert said(gone) == MemberRemoved(AT, REF, SEAT, "Ann", "support")
    assert said(gone) is None
    assert said(gone, b"QueueMemberPause") is None  # nobody sits there to be paused
    assert said(back) == MemberAdded(AT, REF, SEAT, "Ann", "support", True, "打水", Device.FREE, 15)
    assert said(back) == DeviceChanged(AT, REF, SEAT, "Ann", "support", Device.FREE, False)
    assert said(FULL | {"Status": "5"}) == DeviceChanged(AT, REF, SEAT, "Ann", "support", Device.UNREACHABLE, False)


def test_a_static_member_that_is_always_signed_in_is_unreachable_instead():
    headers = FULL | {"Membership": "static", "Status": "5"}
    expected = DeviceChanged(AT, REF, SEAT, "Ann", "support", Device.UNREACHABLE, False)
    check("QueueMemberStatus", headers, expected, Scope(static_members="always"))


def test_a_static_member_that_an_answer_shows_unregistered_is_added_when_it_registers():
    translator = Translator(Scope())
    listed = FULL | {"Membership": "static", "Location": SEAT, "Name": "Ann", "Status": "5"}
    translator.begin_rows()
    assert translator.member_row(listed) is None
    translator.end_rows(spoke=())
    registered = told(translator, b"QueueMemberStatus", listed | {"Status": "1"}, AT, REF)
    assert isinstance(registered, MemberAdded)


def test_an_answer_that_overtook_a_registration_does_not_lose_the_member():
    translator = Translator(Scope())
    static = FULL | {"Membership": "static", "Location": SEAT}
    told(translator, b"QueueMemberStatus", static | {"Status": "5"}, AT, REF)
    translator.begin_rows()
    assert translator.member_row(static | {"Status": "1"}) is not None
    registered = told(translator, b"QueueMemberStatus", static | {"Status": "1"}, AT, REF)
    assert isinstance(registered, MemberAdded)
    translator.end_rows(spoke={(SEAT, "support")})
    later = told(translator, b"QueueMemberStatus", static | {"Status": "1"}, AT, REF)
    assert isinstance(later, DeviceChanged)


def test_a_row_of_an_answer_names_member_and_interface_in_its_own_way():
    row = Translator(Scope()).member_row(
        {"Queue": "q", "Name": "Ann", "Location": SEAT, "Status": "2", "Paused": "1", "PausedReason": "meal"}
        | {"LastPause": "1795466140", "InCall": "1", "Wrapuptime": "7"}
    )
    assert row is not None
    assert (row.seat, row.name, row.queue, row.paused, row.reason) == (SEAT, "Ann", "q", True, "meal")
    assert (row.paused_since_s, row.device, row.in_call, row.wrap_up_s) == (1_795_466_140, Device.IN_USE, True, 7)


@pytest.mark.parametrize(
    ("status", "seat"), [("AGENT_IDLE", "Agent/1009"), ("AGENT_ONCALL", "Agent/1009"), ("AGENT_LOGGEDOFF", None)]
)
def test_an_agents_row_tells_who_is_logged_in(status, seat):
    assert Translator(Scope()).login_row({"Agent": "1009", "Status": status}) == seat
