"""Savings, 零存整取 (docs/time-bank.md 3.1): what was not used of the allowance is deposited, every day, by itself."""


def deposit_s(allowance_s: int, aux_s: int) -> int:
    """Seconds for the savings account."""
    return max(0, allowance_s - aux_s)
