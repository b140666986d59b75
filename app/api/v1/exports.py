"""The whole of a release as files, and lists as tables."""

from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.api.deps import ListParams, ReleaseParams, ReleaseQuery, Context, StrictRoute
from app.api.export_cache import get_export_file
from app.api.v1.procedure_claims import FindingFilterParams, ReliefDurationFilterParams, ResponseRateFilterParams, TargetFilterParams
from app.api.v1.procedures import ProcedureListFilterParams
from app.errors import FieldError, InvalidParameter
from app.formats.csv_export import BOM, iter_lines
from app.formats.csv_export import MEDIA_TYPE as CSV
from app.formats.exports import MEDIA_TYPES, MANIFEST
from app.http.context import CACHE_CONTROL, RequestContext
from app.openapi.responses import error_responses
from app.queries.list_filter import FilteredList
from app.queries.lists import iter_rows
from app.schemas.exports import Export, Manifest, ReleaseExportOut

router = APIRouter(route_class=StrictRoute)
# A table beyond this is the export's: it is streamed, and it is whole.
MAX_ROWS: Final = 20_000
Bom = Field(default=False, description="Begin with a byte order mark, for spreadsheets that need one to read UTF-8.")


class TableParams(ReleaseParams):
    """Of an exported table."""

    bom: bool = Bom


def _described(media_type: str, schema: dict[str, Any], words: str) -> dict[int | str, dict[str, Any]]:
    ok = {"description": words, "content": {media_type: {"schema": schema}}}
    return {200: ok, **error_responses()}


class _Plain(Response):
    """Only so that the document names one media type."""

    media_type = None


def _answer(ctx: RequestContext, name: str, media_type: str, release: str | None, *, bom: bool = False) -> Response:
    ctx.check_release(release)
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
def get_export_manifest(params: ReleaseQuery, ctx: Context) -> Response:
    """The exported files with their sizes and SHA-256."""
    return _answer(ctx, MANIFEST, "application/json", params.release)


@router.get("/export/kb.json", tags=["export"], response_model=Export, responses=error_responses())
def get_export_json(params: ReleaseQuery, ctx: Context) -> Response:
    """Every record in full, in one JSON object."""
    return _answer(ctx, "kb.json", MEDIA_TYPES["kb.json"], params.release)


@router.get(
    "/export/kb.ndjson",
    tags=["export"],
    response_class=_Plain,
    responses=_described(MEDIA_TYPES["kb.ndjson"], _TEXT, "One object a line: `type` and `document`; the release first."),
)
def get_export_ndjson(params: ReleaseQuery, ctx: Context) -> Response:
    """Every record in full, one a line."""
    return _answer(ctx, "kb.ndjson", MEDIA_TYPES["kb.ndjson"], params.release)


@router.get(
    "/export/kb.sqlite",
    tags=["export"],
    response_class=_Plain,
    responses=_described(MEDIA_TYPES["kb.sqlite"], _BYTES, "A SQLite 3 database with foreign keys and views."),
)
def get_export_sqlite(params: ReleaseQuery, ctx: Context) -> Response:
    """The content as a SQLite database."""
    return _answer(ctx, "kb.sqlite", MEDIA_TYPES["kb.sqlite"], params.release)


@router.get("/export/release.json", tags=["export"], response_model=ReleaseExportOut, responses=error_responses())
def get_export_release(params: ReleaseQuery, ctx: Context) -> Response:
    """The release with its history, to load it into another database."""
    return _answer(ctx, "release.json", MEDIA_TYPES["release.json"], params.release)


_TABLE: Final = _described(
    CSV, _TEXT, "RFC 4180 CSV in UTF-8 with a header line; cells that begin like a formula are quoted with '."
)
TableQuery = Annotated[TableParams, Query()]


@router.get("/export/procedures.csv", tags=["export"], response_class=_Plain, responses=_TABLE)
def get_export_procedures(params: TableQuery, ctx: Context) -> Response:
    """Every procedure, one a row."""
    return _answer(ctx, "procedures.csv", CSV, params.release, bom=params.bom)


@router.get("/export/targets.csv", tags=["export"], response_class=_Plain, responses=_TABLE)
def get_export_targets(params: TableQuery, ctx: Context) -> Response:
    """Every edge between a procedure and a pain generator, one a row."""
    return _answer(ctx, "targets.csv", CSV, params.release, bom=params.bom)


@router.get("/export/relief-durations.csv", tags=["export"], response_class=_Plain, responses=_TABLE)
def get_export_relief_durations(params: TableQuery, ctx: Context) -> Response:
    """Every estimate of how long relief lasts, one a row."""
    return _answer(ctx, "relief-durations.csv", CSV, params.release, bom=params.bom)


def _table(ctx: RequestContext, name: str, params: ListParams, *, bom: bool) -> Response:
    ctx.check_release(params.release)
    items = []
    for row in iter_rows(FilteredList(ctx.connection, name, params.build_filters(ctx), params.build_order())):
        items.append(ctx.resolve_links(row.json))
        if len(items) > MAX_ROWS:
            message = f"more than {MAX_ROWS} rows: narrow the list, or take the whole from /v1/export"
            raise InvalidParameter(message, errors=(FieldError("sort", None, message),))
    body = (BOM if bom else b"") + b"".join(iter_lines(name, items))
    return ctx.bytes_response(body, media_type=CSV, headers={"Content-Disposition": f'attachment; filename="{name}.csv"'})


def _of_list(name: str, operation: str, filters: type[ListParams], words: str, tag: str) -> None:
    """A list as CSV: the same filters and order as the list, all rows, no pages."""

    class Params(filters):  # type: ignore[valid-type,misc]
        bom: bool = Bom

    Params.__name__ = Params.__qualname__ = f"{filters.__name__.removesuffix('Filters')}Table"

    def endpoint(params: Annotated[Params, Query()], ctx: Context) -> Response:
        return _table(ctx, name, params, bom=params.bom)

    made: Callable[..., Response] = endpoint
    made.__name__, made.__doc__ = operation, words
    router.get(f"/{name}.csv", tags=[tag], response_class=_Plain, responses=_TABLE)(made)


_of_list(
    "procedures", "list_procedures_table", ProcedureListFilterParams, "Procedures as CSV: same filters, all rows.", "procedures"
)
_EDGES: Final = "edges and estimates"
_of_list("targets", "list_targets_table", TargetFilterParams, "Targets as CSV: same filters, all rows.", _EDGES)
_of_list(
    "relief-durations",
    "list_relief_durations_table",
    ReliefDurationFilterParams,
    "Relief durations as CSV: same filters, all rows.",
    _EDGES,
)
_of_list(
    "response-rates",
    "list_response_rates_table",
    ResponseRateFilterParams,
    "Response rates as CSV: same filters, all rows.",
    _EDGES,
)
_of_list("findings", "list_findings_table", FindingFilterParams, "Findings as CSV: same filters, all rows.", _EDGES)
