"""Faults that a caller asks for, in a header (`Prefer: code=503`) or at the start of a path (`/faults/code=503/v1/procedures`).

| fault | answer |
| --- | --- |
| `code=STATUS` or `code=NAME` | the problem of this status, or of this code, such as `replica_behind` |
| `walk=STATUS` or `walk=NAME` | the same, only to a request with a cursor: the first page of a list is as usual |
| `delay=SECONDS` | the answer after this time, at most 30 seconds |
| `stale` | the answer with `KB-Stale: database-unreachable` |
| `cut` | the connection ends in the middle of the body |
"""

import asyncio
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import BadRequest, KnowledgeBaseError, list_errors_by_code
from app.http.gateway import common_headers
from app.http.problems import problem_parts

MAX_DELAY_SECONDS: Final = 30.0
# Code of a status that several codes share.
_USUAL_CODES: Final[Mapping[int, str]] = MappingProxyType(
    {400: "bad_request", 404: "not_found", 410: "release_gone", 422: "invalid_parameter", 503: "unavailable"}
)
_FAULT: Final = re.compile(r"\s*(?:(?:code|walk|delay)=.*|stale|cut)\s*")
_PREFIX: Final = re.compile(r"/faults/([^/]+)(/.*)?")


@dataclass(frozen=True)
class Faults:
    """Faults of one request. An empty code: no problem is sent."""

    code: str = ""
    walk: str = ""
    delay: float = 0.0
    stale: bool = False
    cut: bool = False


def find_code(text: str) -> str:
    """Code of a problem, from its status or its name. Raises ValueError for neither."""
    errors = list_errors_by_code()
    if text in errors:
        return text
    status = int(text) if text.isdecimal() else 0
    code = _USUAL_CODES.get(status) or next((code for code, error in errors.items() if error.status == status), None)
    if code is None:
        msg = f"no problem has the code or status {text!r}"
        raise ValueError(msg)
    return code


def parse_faults(text: str) -> Faults:
    """Faults that a header or a path names, separated by commas or semicolons. Raises ValueError for any other word."""
    fields: dict[str, str | float | bool] = {}
    for entry in filter(None, (part.strip() for part in re.split("[,;]", text))):
        name, _, value = entry.partition("=")
        if name in {"code", "walk"}:
            fields[name] = find_code(value.strip('"'))
        elif name == "delay":
            seconds = float(value)
            if not math.isfinite(seconds) or seconds < 0:
                msg = f"delay={value}: a number of seconds"
                raise ValueError(msg)
            fields[name] = min(seconds, MAX_DELAY_SECONDS)
        elif entry in {"stale", "cut"}:
            fields[name] = True
        else:
            msg = f"unknown fault {entry!r}"
            raise ValueError(msg)
    return Faults(**fields)  # type: ignore[arg-type]


class FaultInjector:
    """Outer ASGI application: the service, with the faults that a request names."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        text, scope = _take_faults(scope)
        try:
            faults = parse_faults(text)
        except ValueError as error:
            await _send_problem(BadRequest(f"Faults {text!r}: {error}."), scope, send)
            return
        await asyncio.sleep(faults.delay)
        code = faults.code or (faults.walk if "cursor" in parse_qs(scope["query_string"].decode("latin-1")) else "")
        if code:
            problem = list_errors_by_code()[code]("As the request asked.")
            problem.retry_after = 1 if problem.status in {429, 503} else None
            await _send_problem(problem, scope, send)
            return
        await self.app(scope, receive, _alter_response(send, faults))


def _take_faults(scope: Scope) -> tuple[str, Scope]:
    """The faults that a request names, and the request without them."""
    if match := _PREFIX.fullmatch(scope["path"]):
        raw_match = _PREFIX.fullmatch(scope["raw_path"].decode("latin-1"))
        raw_path = (raw_match and raw_match[2]) or "/"
        return match[1], {**scope, "path": match[2] or "/", "raw_path": raw_path.encode("latin-1")}
    preferences = [value.decode("latin-1") for name, value in scope["headers"] if name == b"prefer"]
    # A header may have preferences of others, which a server ignores.
    return ",".join(part for part in re.split("[,;]", ",".join(preferences)) if _FAULT.fullmatch(part)), scope


def _alter_response(send: Send, faults: Faults) -> Send:
    async def send_altered(message: Message) -> None:
        if message["type"] == "http.response.start" and faults.stale:
            message = {**message, "headers": [*message["headers"], (b"kb-stale", b"database-unreachable")]}
        elif message["type"] == "http.response.body" and faults.cut and message.get("body"):
            await send({**message, "body": message["body"][: len(message["body"]) // 2], "more_body": True})
            # The server closes a connection whose application fails in the middle of a body.
            msg = "cut, as the request asked"
            raise ConnectionAbortedError(msg)
        await send(message)

    return send_altered


async def _send_problem(error: KnowledgeBaseError, scope: Scope, send: Send) -> None:
    status, headers, body = problem_parts(error, scope["path"], "")
    headers += [*common_headers(), (b"cache-control", b"no-store"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
