"""From where somebody asks."""

from fastapi import Request


def address_of(request: Request) -> str:
    """The network address; "" where there is none."""
    return request.client.host if request.client else ""
