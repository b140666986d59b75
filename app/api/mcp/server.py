"""MCP over streamable HTTP: one POST, one JSON response and no session, so that any worker on any host can respond."""

import inspect
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
from app.db.errors import DatabaseBusy, DatabaseUnavailable, first_line
from app.domain.json import Json
from app.domain.values import OpenEnum
from app.errors import KnowledgeBaseError, MethodNotAllowed
from app.http.context import request_context
from app.http.request_body import MAX_BODY
from app.http.services import get_services
from app.text.nearest import find_nearest

INSTRUCTIONS: Final = (
    "Cited facts about interventional pain management procedures: targets, conditions, risks and duration of relief. "
    "Every result names its release and its sources: cite them. Gaps are marked as unknown: do not guess. "
    "This is information, not advice: it does not replace a clinician."
)
_log = logging.getLogger("procedure_kb.mcp")


def close_enums(schema: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Write the lists of allowed values as `enum`, which assistants follow: other values are refused."""
    if isinstance(schema, dict):
        names = {OpenEnum.keyword: "enum"}
        return {names.get(name, name): close_enums(member) for name, member in schema.items()}
    return [close_enums(member) for member in schema] if isinstance(schema, list) else schema


def describe_tool(tool: Tool) -> types.Tool:
    """Describe a tool for `tools/list`."""
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=f"{inspect.getdoc(tool.arguments_model)} Cites its sources. Information, not advice.",
        input_schema=close_enums(tool.arguments_model.model_json_schema()),
        output_schema=tool.output_model.model_json_schema(mode="serialization"),
        annotations=types.ToolAnnotations(
            read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
        ),
    )


async def list_tools(_context: Any, _params: Any) -> types.ListToolsResult:  # noqa: ANN401 - types of the SDK
    """List the tools."""
    return types.ListToolsResult(tools=[describe_tool(tool) for tool in TOOLS.values()])


async def call_tool(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:  # noqa: ANN401
    """Run a tool. The output is structured content, and the same JSON as text.

    Domain errors become results with `is_error`, so that an assistant can correct its call. An unknown tool is an MCPError.
    """
    tool = TOOLS.get(params.name)
    if tool is None:
        suggestions = find_nearest(params.name, TOOLS, limit=1) or list(TOOLS)
        message = f"Unknown tool {params.name[:80]!r}. Did you mean: {', '.join(suggestions)}?"
        raise MCPError(types.INVALID_PARAMS, message)
    request: Request = context.request
    try:
        output = await anyio.to_thread.run_sync(_run_tool, request, tool, dict(params.arguments or {}))
    except KnowledgeBaseError as error:
        return _error_result(_render_error(error))
    except DatabaseBusy as error:
        _log.warning("database busy: %s", first_line(error))
        return _error_result("The database is busy; try again in a moment.")
    except DatabaseUnavailable as error:
        _log.warning("database unreachable: %s", first_line(error))
        get_services(request).gateway.mark_database_unreachable()
        return _error_result("The database did not respond in time; try again in a moment.")
    text = types.TextContent(type="text", text=orjson.dumps(output).decode())
    return types.CallToolResult(content=[text], structured_content=output)


def _run_tool(request: Request, tool: Tool, arguments: Json) -> Json:
    validated = validate_arguments(tool.arguments_model, arguments)
    with request_context(request) as ctx:
        return tool.run(ctx, validated)


def _error_result(message: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=message)], is_error=True)


def _render_error(error: KnowledgeBaseError) -> str:
    """Render an error as text, with its suggestions."""
    names = [f"{each['slug']} ({each['name']})" if isinstance(each, dict) else str(each) for each in error.suggestions]
    detail = error.detail if error.detail.endswith((".", "?")) else f"{error.detail.rstrip(', ')}."
    return f"{error.title}: {detail}" + (f" Did you mean: {'; '.join(names)}?" if names else "")


class McpApp:
    """ASGI application for /mcp. It accepts POST only: other methods need a session."""

    def __init__(self) -> None:
        server: Server[Any] = Server(
            "procedure-kb",
            version=__version__,
            title="procedure-kb",
            instructions=INSTRUCTIONS,
            on_list_tools=list_tools,
            on_call_tool=call_tool,
        )
        # Content is public and read-only, and every other URL allows any origin: DNS rebinding gains nothing, and a list
        # of hosts would break behind each proxy (docs/decisions/0012).
        security = TransportSecuritySettings(enable_dns_rebinding_protection=False)
        self._manager = StreamableHTTPSessionManager(
            server, json_response=True, stateless=True, security_settings=security, max_request_body_size=MAX_BODY
        )

    def run(self) -> AbstractAsyncContextManager[None]:
        """Context in which requests can be served. It can be entered once."""
        return self._manager.run()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            raise MethodNotAllowed("MCP requires POST.", allow="POST, OPTIONS")
        await self._manager.handle_request(scope, receive, send)
