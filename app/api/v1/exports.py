"""Exports: the content of a release as files, and lists as CSV."""

from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.api.deps import Context, ListParams, ReleaseParams, ReleaseQuery, StrictRoute
from app.api.export_cache import get_export_file
from app.api.v1.procedure_claims import (
    FindingFilterParams,
    ReliefDurationFilterParams,
    ResponseRateFilterParams,
    TargetFilterParams,
)
from app.api.v1.procedures import ProcedureListFilterParams
from app.errors import FieldError, InvalidParameter
from app.formats.csv_export import BOM, COLUMNS, render_csv_lines
from app.formats.csv_export import CSV_MEDIA_TYPE as CSV
from app.formats.exports import MANIFEST, MEDIA_TYPES
from app.http.context import CACHE_CONTROL, RequestContext
from app.openapi.responses import UndocumentedMediaType, error_responses
from app.queries.list_filter import FilteredList
from app.queries.lists import iter_rows
from app.schemas.exports import Export, Manifest, ReleaseExportOut

router = APIRouter(route_class=StrictRoute)
# Longer tables are left to the export, which is streamed from a file.
MAX_ROWS: Final = 20_000
Bom = Field(default=False, description="Start with a byte order mark, which some spreadsheets need to read UTF-8.")


class TableParams(ReleaseParams):
    """Parameters of an exported table."""

    bom: bool = Bom


def _file_responses(media_type: str, schema: dict[str, Any], description: str) -> dict[int | str, dict[str, Any]]:
    ok = {"description": description, "content": {media_type: {"schema": schema}}}
    return {200: ok, **error_responses()}


def _file_response(ctx: RequestContext, name: str, media_type: str, *, bom: bool = False) -> Response:
    version = ctx.release.version
    ctx.request.state.kb_file = get_export_file(ctx, name, bom=bom)
    ctx.close()
    headers = {"KB-Release": version, "Cache-Control": CACHE_CONTROL, "Content-Language": "en"}
    if name != MANIFEST:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return Response(headers=headers | {"Content-Type": media_type})


_TEXT: Final = {"type": "string"}
_BYTES: Final = {"type": "string", "format": "binary"}


@router.get("/export/manifest.json", tags=["export"], response_model=Manifest, responses=error_responses())
def get_export_manifest(_: ReleaseQuery, ctx: Context) -> Response:
    """Export files with size and SHA-256."""
    return _file_response(ctx, MANIFEST, "application/json")


@router.get("/export/kb.json", tags=["export"], response_model=Export, responses=error_responses())
def get_export_json(_: ReleaseQuery, ctx: Context) -> Response:
    """Every record in full, as one JSON object."""
    return _file_response(ctx, "kb.json", MEDIA_TYPES["kb.json"])


@router.get(
    "/export/kb.ndjson",
    tags=["export"],
    response_class=UndocumentedMediaType,
    responses=_file_responses(
        MEDIA_TYPES["kb.ndjson"], _TEXT, "One object per line, with `type` and `document`; the release is first."
    ),
)
def get_export_ndjson(_: ReleaseQuery, ctx: Context) -> Response:
    """Every record in full, one per line."""
    return _file_response(ctx, "kb.ndjson", MEDIA_TYPES["kb.ndjson"])


@router.get(
    "/export/kb.sqlite",
    tags=["export"],
    response_class=UndocumentedMediaType,
    responses=_file_responses(MEDIA_TYPES["kb.sqlite"], _BYTES, "A SQLite 3 database with foreign keys and views."),
)
def get_export_sqlite(_: ReleaseQuery, ctx: Context) -> Response:
    """The content as a SQLite database."""
    return _file_response(ctx, "kb.sqlite", MEDIA_TYPES["kb.sqlite"])


@router.get("/export/release.json", tags=["export"], response_model=ReleaseExportOut, responses=error_responses())
def get_export_release(_: ReleaseQuery, ctx: Context) -> Response:
    """The release with its history, for loading into another database."""
    return _file_response(ctx, "release.json", MEDIA_TYPES["release.json"])


_TABLE: Final = _file_responses(
    CSV, _TEXT, "RFC 4180 CSV in UTF-8 with a header line; cells that look like a formula start with '."
)
TableQuery = Annotated[TableParams, Query()]


@router.get("/export/procedures.csv", tags=["export"], response_class=UndocumentedMediaType, responses=_TABLE)
def get_export_procedures(params: TableQuery, ctx: Context) -> Response:
    """Every procedure, one per row."""
    return _file_response(ctx, "procedures.csv", CSV, bom=params.bom)


@router.get("/export/targets.csv", tags=["export"], response_class=UndocumentedMediaType, responses=_TABLE)
def get_export_targets(params: TableQuery, ctx: Context) -> Response:
    """Every target of a procedure, one per row."""
    return _file_response(ctx, "targets.csv", CSV, bom=params.bom)


@router.get("/export/relief-durations.csv", tags=["export"], response_class=UndocumentedMediaType, responses=_TABLE)
def get_export_relief_durations(params: TableQuery, ctx: Context) -> Response:
    """Every estimate of how long relief lasts, one per row."""
    return _file_response(ctx, "relief-durations.csv", CSV, bom=params.bom)


@router.get("/export/claims.csv", tags=["export"], response_class=UndocumentedMediaType, responses=_TABLE)
def get_export_claims(params: TableQuery, ctx: Context) -> Response:
    """Every claim of every kind, one per row, with its value as JSON."""
    return _file_response(ctx, "claims.csv", CSV, bom=params.bom)


def _csv_response(ctx: RequestContext, name: str, params: ListParams, *, bom: bool) -> Response:
    items = []
    for row in iter_rows(FilteredList(ctx.connection, name, params.build_filters(ctx), params.build_order())):
        items.append(ctx.resolve_links(row.json))
        if len(items) > MAX_ROWS:
            message = f"more than {MAX_ROWS} rows; narrow the list or use /v1/export"
            raise InvalidParameter(message, errors=(FieldError("sort", None, message),))
    body = (BOM if bom else b"") + b"".join(render_csv_lines(COLUMNS[name], items))
    return ctx.bytes_response(
        body, media_type=CSV, headers={"Content-Disposition": f'attachment; filename="{name}.csv"'}
    )


def _add_csv_route(name: str, operation: str, filter_params: type[ListParams], description: str, tag: str) -> None:
    """Serve a list as CSV: the same filters and sort orders, all rows, no pages."""

    class Params(filter_params):  # type: ignore[valid-type,misc]
        bom: bool = Bom

    Params.__name__ = Params.__qualname__ = f"{filter_params.__name__.removesuffix('FilterParams')}TableParams"

    def endpoint(params: Annotated[Params, Query()], ctx: Context) -> Response:
        return _csv_response(ctx, name, params, bom=params.bom)

    handler: Callable[..., Response] = endpoint
    handler.__name__, handler.__doc__ = operation, description
    router.get(f"/{name}.csv", tags=[tag], response_class=UndocumentedMediaType, responses=_TABLE)(handler)


_add_csv_route(
    "procedures",
    "list_procedures_table",
    ProcedureListFilterParams,
    "Procedures as CSV: same filters, all rows.",
    "procedures",
)
_CLAIMS_TAG: Final = "edges and estimates"
_add_csv_route(
    "targets", "list_targets_table", TargetFilterParams, "Targets as CSV: same filters, all rows.", _CLAIMS_TAG
)
_add_csv_route(
    "relief-durations",
    "list_relief_durations_table",
    ReliefDurationFilterParams,
    "Relief durations as CSV: same filters, all rows.",
    _CLAIMS_TAG,
)
_add_csv_route(
    "response-rates",
    "list_response_rates_table",
    ResponseRateFilterParams,
    "Response rates as CSV: same filters, all rows.",
    _CLAIMS_TAG,
)
_add_csv_route(
    "findings", "list_findings_table", FindingFilterParams, "Findings as CSV: same filters, all rows.", _CLAIMS_TAG
)
