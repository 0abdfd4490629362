"""The floor: seats, agents, business days and day records. Pure: no clock, no I/O; time comes in with events."""
