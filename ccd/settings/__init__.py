"""The configuration: what can be set (`tree`), read from TOML with every fault named at once (`reading`)."""

from ccd.settings.reading import ConfigurationRead, inspect, read
from ccd.settings.tree import Floor, Http, Pbx, Policy, Queue, Reason, ReasonChange, Settings, Unit

__all__ = [
    "ConfigurationRead", "Floor", "Http", "Pbx", "Policy", "Queue", "Reason", "ReasonChange", "Settings", "Unit",
    "inspect", "read",
]  # fmt: skip
