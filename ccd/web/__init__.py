"""The pages and their API: who signs in, what they are told over HTTP, and the built pages themselves.

`app` puts it together from plain values; `server` runs it, with the live channel on the same port.
"""
