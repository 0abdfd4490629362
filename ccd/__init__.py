"""ccd: agents' time, measured at the telephone switch and given back."""

__version__ = "0.1.0"
