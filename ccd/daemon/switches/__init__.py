"""What the switches say: heard, filled where it was not heard, applied to their floors."""
