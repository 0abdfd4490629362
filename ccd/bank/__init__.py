"""The time bank: what a measured day is worth, and what that does to accounts (docs/time-bank.md 2.4, 3 and 4)."""
