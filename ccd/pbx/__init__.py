"""Asterisk, and nothing but Asterisk: what it says over AMI and in queue_log, as the floor's events."""
