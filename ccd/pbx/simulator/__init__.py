"""A telephone switch that is not there: queues, members and callers that speak AMI as Asterisk 22 does.

staff → day_plan: who works, when, and with which habits; life: what they and the callers do, and when; switch: what
Asterisk makes of it; speech: what it says of that; ami_text and floor_words: the same speech as AMI bytes and as the
floor's events; server: a socket on which all of it happens at `speed` times real time. Everything but the server is
pure: the same seed says the same, to the byte.
"""
