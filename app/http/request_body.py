"""Request bodies: limited in size and time, read before the request counts against the concurrency limit."""

import asyncio
from typing import Final

from starlette.types import Message, Receive

from app.errors import BodyTooLarge, BodyTooSlow

MAX_BODY: Final = 65_536
MAX_SECONDS: Final = 10.0


async def read_body(headers: list[tuple[bytes, bytes]], receive: Receive) -> bytes:
    """The whole body. Raises BodyTooLarge or BodyTooSlow, and ConnectionError when the caller left."""
    declared = next((value for name, value in headers if name == b"content-length"), b"0")
    if declared.isdigit() and int(declared[:20]) > MAX_BODY:
        raise BodyTooLarge(f"The body has {declared[:20].decode()} bytes; at most {MAX_BODY} are allowed.")
    try:
        return await asyncio.wait_for(_read_all(receive), MAX_SECONDS)
    except TimeoutError:
        raise BodyTooSlow(f"The body did not arrive within {MAX_SECONDS:g} seconds.") from None


async def _read_all(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ConnectionError
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            raise BodyTooLarge(f"The body has more than {MAX_BODY} bytes.")
        if not message.get("more_body", False):
            return bytes(body)


def replay_body(body: bytes, receive: Receive) -> Receive:
    """An ASGI receive that gives a body that was read before, then whatever follows."""
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return first.pop() if first else await receive()

    return again
