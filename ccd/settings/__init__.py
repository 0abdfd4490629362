"""The configuration: what can be set (`tree`), read from TOML with every fault named at once (`reading`)."""

from ccd.settings.reading import Reading, inspect, read
from ccd.settings.tree import Pbx, Policy, Queue, Reason, Settings, Unit

__all__ = ["Pbx", "Policy", "Queue", "Reading", "Reason", "Settings", "Unit", "inspect", "read"]
