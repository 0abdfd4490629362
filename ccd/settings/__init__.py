"""The configuration: what can be set (`tree`), read from TOML with every fault named at once (`reading`)."""

from ccd.settings.reading import Reading, inspect, read
from ccd.settings.tree import Http, Pbx, Policy, Queue, Reason, ReasonChange, Settings, Unit

__all__ = ["Http", "Pbx", "Policy", "Queue", "Reading", "Reason", "ReasonChange", "Settings", "Unit", "inspect", "read"]
