"""Exports: the content of a release as files, and lists as CSV."""

from typing import Annotated, Final

from fastapi import Query, Response
from pydantic import Field

from app.api.deps import Context, create_router
from app.api.export_cache import get_export_file
from app.api.parameters import (
    FindingFilterParams,
    ListParams,
    ProcedureListFilterParams,
    ReleaseParams,
    ReleaseQuery,
    ReliefDurationFilterParams,
    ResponseRateFilterParams,
    SourceFilterParams,
    TargetFilterParams,
)
from app.api.v1.record_responses import too_many_rows
from app.domain.json import Json
from app.formats.csv_export import BOM, COLUMNS, render_csv_lines
from app.formats.csv_export import CSV_MEDIA_TYPE as CSV
from app.formats.exports import MANIFEST, MEDIA_TYPES
from app.http.context import CACHE_CONTROL, RequestContext
from app.openapi.responses import UndocumentedMediaType
from app.queries.list_filter import FilteredList
from app.queries.lists import iter_rows
from app.schemas.exports import Export, Manifest, ReleaseExportOut

router = create_router()
# Longer tables are left to the export, which is streamed from a file.
MAX_ROWS: Final = 20_000
Bom = Field(default=False, description="Start with a byte order mark, which some spreadsheets need to read UTF-8.")


class TableParams(ReleaseParams):
    """Parameters of an exported table."""

    bom: bool = Bom


def _describe_file(media_type: str, schema: Json, description: str) -> dict[int | str, Json]:
    """Response of a path that sends a file, in the OpenAPI document."""
    return {200: {"description": description, "content": {media_type: {"schema": schema}}}}


def _file_response(ctx: RequestContext, name: str, *, bom: bool = False) -> Response:
    media_type = MEDIA_TYPES.get(name, "application/json")
    headers = {"KB-Release": ctx.release.version, "Cache-Control": CACHE_CONTROL, "Content-Language": "en"}
    ctx.request.state.kb_file = get_export_file(ctx, name, bom=bom)
    ctx.close()
    if name != MANIFEST:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return Response(headers=headers | {"Content-Type": media_type})


_TEXT: Final = {"type": "string"}
_NDJSON: Final = _describe_file(
    MEDIA_TYPES["kb.ndjson"], _TEXT, "One object per line, with `type` and `document`; the release is first."
)
_SQLITE: Final = _describe_file(
    MEDIA_TYPES["kb.sqlite"],
    {"type": "string", "format": "binary"},
    "A SQLite 3 database with foreign keys and views.",
)
_TABLE: Final = _describe_file(
    CSV, _TEXT, "RFC 4180 CSV in UTF-8 with a header line; cells that look like a formula start with '."
)


@router.get("/export/manifest.json", tags=["export"], response_model=Manifest)
def get_export_manifest(_: ReleaseQuery, ctx: Context) -> Response:
    """Export files with size and SHA-256."""
    return _file_response(ctx, MANIFEST)


@router.get("/export/kb.json", tags=["export"], response_model=Export)
def get_export_json(_: ReleaseQuery, ctx: Context) -> Response:
    """Every record in full, as one JSON object."""
    return _file_response(ctx, "kb.json")


@router.get("/export/kb.ndjson", tags=["export"], response_class=UndocumentedMediaType, responses=_NDJSON)
def get_export_ndjson(_: ReleaseQuery, ctx: Context) -> Response:
    """Every record in full, one per line."""
    return _file_response(ctx, "kb.ndjson")


@router.get("/export/kb.sqlite", tags=["export"], response_class=UndocumentedMediaType, responses=_SQLITE)
def get_export_sqlite(_: ReleaseQuery, ctx: Context) -> Response:
    """The content as a SQLite database."""
    return _file_response(ctx, "kb.sqlite")


@router.get("/export/release.json", tags=["export"], response_model=ReleaseExportOut)
def get_export_release(_: ReleaseQuery, ctx: Context) -> Response:
    """The release with its history, for loading into another database."""
    return _file_response(ctx, "release.json")


def _add_table_export(name: str, description: str) -> None:
    """Serve a table of the export."""

    @router.get(
        f"/export/{name}.csv",
        name=f"get_export_{name.replace('-', '_')}",
        description=description,
        tags=["export"],
        response_class=UndocumentedMediaType,
        responses=_TABLE,
    )
    def get_export_table(params: Annotated[TableParams, Query()], ctx: Context) -> Response:
        return _file_response(ctx, f"{name}.csv", bom=params.bom)


_add_table_export("procedures", "Every procedure, one per row.")
_add_table_export("targets", "Every target of a procedure, one per row.")
_add_table_export("relief-durations", "Every estimate of how long relief lasts, one per row.")
_add_table_export("claims", "Every claim of every kind, one per row, with its value as JSON.")
_add_table_export("sources", "Every source, one per row, with its identifiers and standing.")


def _csv_response(ctx: RequestContext, name: str, params: ListParams, *, bom: bool) -> Response:
    items = []
    for row in iter_rows(FilteredList(ctx.transaction, name, params.build_filters(ctx), params.build_order())):
        items.append(ctx.resolve_links(row.json))
        if len(items) > MAX_ROWS:
            message = f"more than {MAX_ROWS} rows; narrow the list or use /v1/export"
            others = {"sort", *TableParams.model_fields}
            raise too_many_rows(message, [name for name in type(params).model_fields if name not in others])
    body = (BOM if bom else b"") + b"".join(render_csv_lines(COLUMNS[name], items))
    return ctx.bytes_response(
        body, media_type=CSV, headers={"Content-Disposition": f'attachment; filename="{name}.csv"'}
    )


def _add_list_table(name: str, tag: str, filter_params: type[ListParams]) -> None:
    """Serve a list as CSV: the same filters and sort orders, all rows, no pages."""

    class Params(filter_params):  # type: ignore[valid-type,misc]
        bom: bool = Bom

    @router.get(
        f"/{name}.csv",
        name=f"list_{name.replace('-', '_')}_table",
        description=f"{name.replace('-', ' ').capitalize()} as CSV: same filters, all rows.",
        tags=[tag],
        response_class=UndocumentedMediaType,
        responses=_TABLE,
    )
    def list_table(params: Annotated[Params, Query()], ctx: Context) -> Response:
        return _csv_response(ctx, name, params, bom=params.bom)


_add_list_table("procedures", "procedures", ProcedureListFilterParams)
_add_list_table("sources", "sources and claims", SourceFilterParams)
for name, filter_params in (
    ("targets", TargetFilterParams),
    ("relief-durations", ReliefDurationFilterParams),
    ("response-rates", ResponseRateFilterParams),
    ("findings", FindingFilterParams),
):
    _add_list_table(name, "targets and outcomes", filter_params)
