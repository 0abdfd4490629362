"""What was measured, as others read it."""
