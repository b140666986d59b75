"""Request limits: what is refused before routing, by size, method and percent-encoding."""

import re
from typing import Final

from starlette.types import Scope

from app.errors import BadRequest, HeadersTooLarge, InvalidParameter, MethodNotAllowed, UriTooLong

MAX_URI: Final = 8_000
# In all, known or not: validating thousands of unknown ones would cost more than any response.
MAX_PARAMETERS: Final = 100
MAX_HEADERS: Final = 16_000
MAX_HEADER_COUNT: Final = 100
METHODS: Final = b"GET, HEAD, OPTIONS"
# The paths that accept POST, and are still read-only: clients write one or the other.
MCP_PATHS: Final = ("/mcp", "/mcp/")
_TWO_HEX_DIGITS: Final = re.compile(rb"[0-9A-Fa-f]{2}")


def check_request_limits(scope: Scope, method: str, *, allow_post: bool) -> None:
    """Raises UriTooLong, HeadersTooLarge, MethodNotAllowed, InvalidParameter or BadRequest. `allow_post`: POST is allowed here."""
    path, query = scope["raw_path"], scope["query_string"]
    if len(path) + len(query) > MAX_URI:
        raise UriTooLong(f"Path and query have {len(path) + len(query)} bytes; at most {MAX_URI} are allowed.")
    headers = scope["headers"]
    if len(headers) > MAX_HEADER_COUNT or sum(len(name) + len(value) for name, value in headers) > MAX_HEADERS:
        raise HeadersTooLarge(f"At most {MAX_HEADER_COUNT} header fields with {MAX_HEADERS} bytes in all are allowed.")
    if method not in ("GET", "HEAD", "OPTIONS") and not allow_post:
        allow = "POST, OPTIONS" if scope["path"] in MCP_PATHS else METHODS.decode()
        raise MethodNotAllowed(f"Method {method[:20]} is not allowed.", allow=allow)
    if query.count(b"&") >= MAX_PARAMETERS:
        raise InvalidParameter(
            f"The query has {query.count(b'&') + 1} parameters; at most {MAX_PARAMETERS} are allowed."
        )
    _check_percent_encoding(path, "path")
    _check_percent_encoding(query, "query")


def _check_percent_encoding(part: bytes, name: str) -> None:
    if b"%" not in part and part.isascii() and b"\0" not in part:
        return
    before, *escapes = part.split(b"%")
    decoded = bytearray(before)
    for escape in escapes:
        if not _TWO_HEX_DIGITS.match(escape):
            raise BadRequest(f"The {name} has a percent sign not followed by two hexadecimal digits.")
        decoded.append(int(escape[:2], 16))
        decoded += escape[2:]
    if b"\0" in decoded:
        raise BadRequest(f"The {name} has a NUL byte.")
    try:
        decoded.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest(f"The {name} is not UTF-8.") from None
