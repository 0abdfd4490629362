"""The answers to AMI actions, with the header names and the order of Asterisk 22.10.1."""

from datetime import UTC, datetime

from ccd.floor.days import SECOND
from ccd.pbx.simulator.ami_text import caller_channel, stamped
from ccd.pbx.simulator.queues import Queue
from ccd.pbx.simulator.requests import Request
from ccd.pbx.simulator.speech import FREE, UNAVAILABLE, Caller, PhoneInQueue
from ccd.pbx.simulator.staff import Phone
from ccd.pbx.simulator.switch import Switch

BANNER = "Asterisk Call Manager/11.0.0\r\n"
VERSION = "22.10.1+ccd-simulator"


def answer(request: Request, switch: Switch, at: int, started: int) -> str:
    """What the switch answers to an action at `at` (µs); `started` is when it was booted. The action is carried out."""
    match request.action.lower():
        case "ping":
            return success(request, "Ping: Pong", f"Timestamp: {stamped(max(at, switch.said_until))}")
        case "queuestatus":
            return _queue_status(request, switch, at)
        case "queuesummary":
            return _queue_summary(request, switch, at)
        case "agents":
            return _listed(request, "Agents", "Agents will follow", [])
        case "coresettings":
            return success(request, *_CORE_SETTINGS)
        case "corestatus":
            return success(request, *_core_status(switch, started))
        case "queueadd":
            return _queue_add(request, switch, at)
        case "queueremove":
            return _queue_remove(request, switch, at)
        case "queuepause":
            return _queue_pause(request, switch, at)
        case "":
            return error(request, "Missing action in request")
        case _:
            return error(
                request,
                f"Invalid/unknown command: {request.action}. Use Action: ListCommands to show available commands.",
            )


def success(request: Request, *lines: str, response: str = "Success") -> str:
    """A block of its own: response, the action's id where it had one, then `lines`."""
    action_id = request.get("ActionID")
    return "\r\n".join((f"Response: {response}", *([f"ActionID: {action_id}"] if action_id else []), *lines, "", ""))


def error(request: Request, message: str) -> str:
    return success(request, f"Message: {message}", response="Error")


def fully_booted(at: int, started: int) -> str:
    """The event that follows a login."""
    uptime_s = (at - started) // SECOND
    return (
        f"Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: {uptime_s}\r\nLastReload: {uptime_s}\r\n"
        "Status: Fully Booted\r\n\r\n"
    )


_CORE_SETTINGS = (
    "AMIversion: 11.0.0",
    f"AsteriskVersion: {VERSION}",
    "SystemName: ",
    "CoreMaxCalls: 0",
    "CoreMaxLoadAvg: 0.000000",
    "CoreRunUser: ",
    "CoreRunGroup: ",
    "CoreMaxFilehandles: 0",
    "CoreRealTimeEnabled: No",
    "CoreCDRenabled: Yes",
    "CoreHTTPenabled: No",
    "SoundsSearchCustomDir: No",
)


def _core_status(switch: Switch, started: int) -> tuple[str, ...]:
    booted = datetime.fromtimestamp(started // SECOND, UTC)
    day, time = booted.strftime("%Y-%m-%d"), booted.strftime("%H:%M:%S")
    waiting = sum(len(queue.callers) for queue in switch.queues.values())
    return (
        f"CoreStartupDate: {day}",
        f"CoreStartupTime: {time}",
        f"CoreReloadDate: {day}",
        f"CoreReloadTime: {time}",
        f"CoreCurrentCalls: {switch.talks + waiting}",
        f"CoreProcessedCalls: {switch.calls_processed}",
    )


def _listed(request: Request, name: str, message: str, items: list[str]) -> str:
    """A list: the announcement, the items (each lines without a blank one), and the end that counts them."""
    action_id = request.get("ActionID")
    tail = f"ActionID: {action_id}\r\n" if action_id else ""
    return (
        success(request, "EventList: start", f"Message: {message}")
        + "".join(f"{item}{tail}\r\n" for item in items)
        + f"Event: {name}Complete\r\n{tail}EventList: Complete\r\nListItems: {len(items)}\r\n\r\n"
    )


def _asked(request: Request, switch: Switch) -> list[Queue]:
    wanted = request.get("Queue")
    return [queue for name, queue in switch.queues.items() if wanted in ("", name)]


def _queue_status(request: Request, switch: Switch, at: int) -> str:
    items = []
    wanted = request.get("Member")
    for queue in _asked(request, switch):
        items.append(_params(queue))
        for interface, membership in queue.members.items():
            if wanted in ("", interface):
                items.append(_member(membership, switch.handsets[interface].status))
        items += [_entry(caller, place, at) for place, caller in enumerate(queue.callers.values(), 1)]
    return _listed(request, "QueueStatus", "Queue status will follow", items)


def _params(queue: Queue) -> str:
    return (
        f"Event: QueueParams\r\nQueue: {queue.kind.name}\r\nMax: 0\r\nStrategy: rrmemory\r\n"
        f"Calls: {len(queue.callers)}\r\nHoldtime: {queue.hold_s}\r\nTalkTime: {queue.talk_s}\r\n"
        f"Completed: {queue.completed}\r\nAbandoned: {queue.abandoned}\r\n"
        f"ServiceLevel: {queue.kind.service_level_s}\r\nServicelevelPerf: {queue.service_level():.1f}\r\n"
        f"ServicelevelPerf2: {queue.service_level_of_offered():.1f}\r\nWeight: 0\r\n"
    )


def _member(membership: PhoneInQueue, status: int) -> str:
    phone = membership.phone
    return (
        f"Event: QueueMember\r\nQueue: {membership.queue}\r\nName: {phone.name}\r\nLocation: {phone.interface}\r\n"
        f"StateInterface: {phone.interface}\r\nMembership: dynamic\r\nPenalty: 0\r\n"
        f"CallsTaken: {membership.calls_taken}\r\nLastCall: {membership.last_call_s}\r\n"
        f"LastPause: {membership.last_pause_s}\r\nLoginTime: {membership.login_s}\r\nInCall: {membership.in_call:d}\r\n"
        f"Status: {status}\r\nPaused: {membership.paused:d}\r\nPausedReason: {membership.reason}\r\nWrapuptime: 0\r\n"
    )


def _entry(caller: Caller, place: int, at: int) -> str:
    return (
        f"Event: QueueEntry\r\nQueue: {caller.queue}\r\nPosition: {place}\r\nChannel: {caller_channel(caller)}\r\n"
        f"Uniqueid: {caller.uniqueid}\r\nCallerIDNum: {caller.number}\r\nCallerIDName: <unknown>\r\n"
        f"ConnectedLineNum: {caller.number}\r\nConnectedLineName: <unknown>\r\n"
        f"Wait: {_waited_s(caller, at)}\r\nPriority: 0\r\n"
    )


def _waited_s(caller: Caller, at: int) -> int:
    return max(0, at // SECOND - caller.joined // SECOND)


def _queue_summary(request: Request, switch: Switch, at: int) -> str:
    items = []
    for queue in _asked(request, switch):
        status = {interface: switch.handsets[interface].status for interface in queue.members}
        available = sum(status[interface] == FREE and not m.paused for interface, m in queue.members.items())
        items.append(
            f"Event: QueueSummary\r\nQueue: {queue.kind.name}\r\n"
            f"LoggedIn: {sum(value != UNAVAILABLE for value in status.values())}\r\nAvailable: {available}\r\n"
            f"Callers: {len(queue.callers)}\r\nHoldTime: {queue.hold_s}\r\nTalkTime: {queue.talk_s}\r\n"
            f"LongestHoldTime: {max((_waited_s(caller, at) for caller in queue.callers.values()), default=0)}\r\n"
        )
    return _listed(request, "QueueSummary", "Queue summary will follow", items)


def _true(text: str) -> bool:
    return text.lower() in ("yes", "true", "y", "t", "1", "on")


def _queue_add(request: Request, switch: Switch, at: int) -> str:
    queue, interface = request.get("Queue"), request.get("Interface")
    if not queue or not interface:
        return error(request, "'Queue' not specified." if not queue else "'Interface' not specified.")
    if queue not in switch.queues:
        return error(request, "Unable to add interface to queue: No such queue")
    phone = Phone(interface, request.get("MemberName") or interface)
    if not switch.add(at, phone, queue, _true(request.get("Paused")), request.get("Reason")):
        return error(request, "Unable to add interface: Already there")
    return success(request, "Message: Added interface to queue")


def _queue_remove(request: Request, switch: Switch, at: int) -> str:
    queue, interface = request.get("Queue"), request.get("Interface")
    if not queue or not interface:
        return error(request, "Need 'Queue' and 'Interface' parameters.")
    if queue not in switch.queues:
        return error(request, "Unable to remove interface from queue: No such queue")
    if not switch.remove(at, interface, queue):
        return error(request, "Unable to remove interface: Not there")
    return success(request, "Message: Removed interface from queue")


def _queue_pause(request: Request, switch: Switch, at: int) -> str:
    interface, paused = request.get("Interface"), request.get("Paused")
    if not interface or not paused:
        return error(request, "Need 'Interface' and 'Paused' parameters.")
    if not switch.pause(at, interface, request.get("Queue") or None, _true(paused), request.get("Reason")):
        return error(request, "Interface not found")
    return success(request, f"Message: Interface {'paused' if _true(paused) else 'unpaused'} successfully")
