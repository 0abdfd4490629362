"""The pause reasons that ccd ships with (docs/time-bank.md 2.3); a configuration changes them key by key."""

from collections.abc import Mapping
from typing import Any, Final

REASONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "ticket": {"zh": "提交工单", "en": "Ticket"},
    "toilet": {"zh": "上厕所", "en": "Toilet", "personal": True},
    "water": {"zh": "打水", "en": "Water", "personal": True},
    "transaction": {"zh": "受理业务", "en": "Transaction"},
    "meal": {"zh": "用餐", "en": "Meal", "policy": "exempt", "max_s_day": 3_600},
    "training": {"zh": "培训", "en": "Training", "policy": "exempt"},
    "meeting": {"zh": "会议", "en": "Meeting", "policy": "exempt"},
    "coaching": {"zh": "辅导", "en": "Coaching", "policy": "exempt"},
    "recovery": {"zh": "情绪恢复", "en": "Recovery", "policy": "exempt", "personal": True},
    "supervisor": {"zh": "主管示忙", "en": "By a leader", "policy": "exempt"},
    "Auto-Pause": {"zh": "自动示忙", "en": "Auto-pause", "policy": "exempt", "max_s": 60},
}

LIMITS: Final = ("max_s", "max_s_day")


def with_shipped_reasons(given: object) -> object:
    """The shipped reasons with what is given laid over them; a reason that is made to count loses its limits."""
    if not isinstance(given, Mapping):
        return given
    merged: dict[str, object] = {name: dict(reason) for name, reason in REASONS.items()}
    for name, reason in given.items():
        if not isinstance(reason, Mapping):
            merged[name] = reason
            continue
        shipped = dict(REASONS.get(name, {}))
        if reason.get("policy") == "counts":
            shipped = {key: value for key, value in shipped.items() if key not in LIMITS}
        merged[name] = shipped | dict(reason)
    return merged
