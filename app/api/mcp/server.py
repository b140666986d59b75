"""MCP over streamable HTTP: one POST, one JSON answer, no session, so that any worker and any box can answer it."""

import logging
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import anyio.to_thread
import mcp_types as types
import orjson
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from app import __version__
from app.api.mcp.arguments import validate_arguments
from app.api.mcp.tools import TOOLS, Tool
from app.db.errors import DatabaseUnavailable, first_line
from app.errors import KnowledgeBaseError, MethodNotAllowed
from app.http.context import request_context
from app.http.request_body import MAX_BODY
from app.text.nearest import find_nearest

INSTRUCTIONS: Final = (
    "Cited facts about interventional pain management procedures: what they target, for which conditions, at which risk, "
    "how long relief lasts. Every answer names its release and its sources: cite them. What is unknown is said to be "
    "unknown: do not guess. This is information, not advice: it does not replace a clinician."
)
_log = logging.getLogger("procedure_kb.mcp")


def describe_tool(tool: Tool) -> types.Tool:
    """A tool as a client lists it."""
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=f"{tool.arguments_model.__doc__} Cites its sources. Information, not advice.",
        input_schema=tool.arguments_model.model_json_schema(),
        output_schema=tool.output_model.model_json_schema(mode="serialization"),
        annotations=types.ToolAnnotations(
            read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
        ),
    )


async def list_tools(_context: Any, _params: Any) -> types.ListToolsResult:  # noqa: ANN401 - the SDK's own
    """The five tools."""
    return types.ListToolsResult(tools=[describe_tool(tool) for tool in TOOLS.values()])


async def call_tool(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:  # noqa: ANN401
    """The answer of a tool: structured, and the same as text. A mistake is an answer that says what would be right."""
    tool = TOOLS.get(params.name)
    if tool is None:
        near = find_nearest(params.name, TOOLS, limit=1) or list(TOOLS)
        raise MCPError(types.INVALID_PARAMS, f"No tool is called {params.name[:80]!r}; known: {', '.join(near)}.")
    request: Request = context.request
    try:
        answer = await anyio.to_thread.run_sync(_run_tool, request, tool, dict(params.arguments or {}))
    except KnowledgeBaseError as error:
        return types.CallToolResult(content=[types.TextContent(type="text", text=_render_error(error))], is_error=True)
    except DatabaseUnavailable as error:
        _log.warning("database unreachable: %s", first_line(error))
        request.app.state.answers.lose()
        away = types.TextContent(type="text", text="The database did not answer in time: try again in a moment.")
        return types.CallToolResult(content=[away], is_error=True)
    text = types.TextContent(type="text", text=orjson.dumps(answer).decode())
    return types.CallToolResult(content=[text], structured_content=answer)


def _run_tool(request: Request, tool: Tool, given: dict[str, Any]) -> dict[str, Any]:
    arguments = validate_arguments(tool.arguments_model, given)
    with request_context(request) as read:
        return tool.run(read, arguments)


def _render_error(error: KnowledgeBaseError) -> str:
    """An error in words, with the nearest known."""
    near = [f"{one['slug']} ({one['name']})" if isinstance(one, dict) else str(one) for one in error.suggestions]
    return f"{error.title}: {error.detail}" + (f" Nearest known: {'; '.join(near)}." if near else "")


class McpApp:
    """/mcp as an ASGI application. Only POST means anything without sessions."""

    def __init__(self) -> None:
        server: Server[Any] = Server(
            "procedure-kb",
            version=__version__,
            title="procedure-kb",
            instructions=INSTRUCTIONS,
            on_list_tools=list_tools,
            on_call_tool=call_tool,
        )
        # Everything here is public and read-only and every other address answers every origin too: a page that rebinds
        # a name gains nothing, and a list of hosts would break each proxy in front (docs/decisions).
        anywhere = TransportSecuritySettings(enable_dns_rebinding_protection=False)
        self._manager = StreamableHTTPSessionManager(
            server, json_response=True, stateless=True, security_settings=anywhere, max_request_body_size=MAX_BODY
        )

    def run(self) -> AbstractAsyncContextManager[None]:
        """What must be open while requests are answered. Can be opened once."""
        return self._manager.run()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            raise MethodNotAllowed("MCP is spoken with POST here.", allow="POST, OPTIONS")
        await self._manager.handle_request(scope, receive, send)
