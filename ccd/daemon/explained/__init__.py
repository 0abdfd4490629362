"""A posted line down to what the switch said, and a month held against its segments."""
