"""The whole of a release as files, and lists as tables."""

from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.api.deps import Listed, Precondition, Preconditioned, Reader, StrictRoute
from app.api.export_cache import export_file
from app.api.v1.procedure_claims import FindingFilters, ReliefDurationFilters, ResponseRateFilters, TargetFilters
from app.api.v1.procedures import ProcedureFilters
from app.errors import FieldError, InvalidParameter
from app.formats.csv_export import BOM, lines_of
from app.formats.csv_export import MEDIA_TYPE as CSV
from app.formats.exports import FILES, MANIFEST
from app.http.context import CACHE_CONTROL, Reading
from app.openapi.responses import answers
from app.queries.list_filter import Selection
from app.queries.lists import walk_list
from app.schemas.exports import Export, Manifest, ReleaseExport

router = APIRouter(route_class=StrictRoute)
# A table beyond this is the export's: it is streamed, and it is whole.
MAX_ROWS: Final = 20_000
Bom = Field(default=False, description="Begin with a byte order mark, for spreadsheets that need one to read UTF-8.")


class TableParams(Precondition):
    """Of an exported table."""

    bom: bool = Bom


def _described(media_type: str, schema: dict[str, Any], words: str) -> dict[int | str, dict[str, Any]]:
    ok = {"description": words, "content": {media_type: {"schema": schema}}}
    return {200: ok, **answers()}


class _Plain(Response):
    """Only so that the document names one media type."""

    media_type = None


def _answer(read: Reading, name: str, media_type: str, release: str | None, *, bom: bool = False) -> Response:
    read.require(release)
    version = read.release.version
    read.request.state.kb_file = export_file(read, name, bom=bom)
    read.close()
    headers = {"KB-Release": version, "Cache-Control": CACHE_CONTROL, "Content-Language": "en"}
    if name != MANIFEST:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return Response(headers=headers | {"Content-Type": media_type})


_TEXT: Final = {"type": "string"}
_BYTES: Final = {"type": "string", "format": "binary"}


@router.get("/export/manifest.json", tags=["export"], response_model=Manifest, responses=answers())
def get_export_manifest(params: Preconditioned, read: Reader) -> Response:
    """The exported files with their sizes and SHA-256."""
    return _answer(read, MANIFEST, "application/json", params.release)


@router.get("/export/kb.json", tags=["export"], response_model=Export, responses=answers())
def get_export_json(params: Preconditioned, read: Reader) -> Response:
    """Every record in full, in one JSON object."""
    return _answer(read, "kb.json", FILES["kb.json"], params.release)


@router.get(
    "/export/kb.ndjson",
    tags=["export"],
    response_class=_Plain,
    responses=_described(FILES["kb.ndjson"], _TEXT, "One object a line: `type` and `document`; the release first."),
)
def get_export_ndjson(params: Preconditioned, read: Reader) -> Response:
    """Every record in full, one a line."""
    return _answer(read, "kb.ndjson", FILES["kb.ndjson"], params.release)


@router.get(
    "/export/kb.sqlite",
    tags=["export"],
    response_class=_Plain,
    responses=_described(FILES["kb.sqlite"], _BYTES, "A SQLite 3 database with foreign keys and views."),
)
def get_export_sqlite(params: Preconditioned, read: Reader) -> Response:
    """The content as a SQLite database."""
    return _answer(read, "kb.sqlite", FILES["kb.sqlite"], params.release)


@router.get("/export/release.json", tags=["export"], response_model=ReleaseExport, responses=answers())
def get_export_release(params: Preconditioned, read: Reader) -> Response:
    """The release with its history, to load it into another database."""
    return _answer(read, "release.json", FILES["release.json"], params.release)


_TABLE: Final = _described(
    CSV, _TEXT, "RFC 4180 CSV in UTF-8 with a header line; cells that begin like a formula are quoted with '."
)
TableQuery = Annotated[TableParams, Query()]


@router.get("/export/procedures.csv", tags=["export"], response_class=_Plain, responses=_TABLE)
def get_export_procedures(params: TableQuery, read: Reader) -> Response:
    """Every procedure, one a row."""
    return _answer(read, "procedures.csv", CSV, params.release, bom=params.bom)


@router.get("/export/targets.csv", tags=["export"], response_class=_Plain, responses=_TABLE)
def get_export_targets(params: TableQuery, read: Reader) -> Response:
    """Every edge between a procedure and a pain generator, one a row."""
    return _answer(read, "targets.csv", CSV, params.release, bom=params.bom)


@router.get("/export/relief-durations.csv", tags=["export"], response_class=_Plain, responses=_TABLE)
def get_export_relief_durations(params: TableQuery, read: Reader) -> Response:
    """Every estimate of how long relief lasts, one a row."""
    return _answer(read, "relief-durations.csv", CSV, params.release, bom=params.bom)


def _table(read: Reading, name: str, params: Listed, *, bom: bool) -> Response:
    read.require(params.release)
    items = []
    for row in walk_list(Selection(read.connection, name, params.filters(read), params.order())):
        items.append(read.linked(row.shown))
        if len(items) > MAX_ROWS:
            message = f"more than {MAX_ROWS} rows: narrow the list, or take the whole from /v1/export"
            raise InvalidParameter(message, errors=(FieldError("sort", None, message),))
    body = (BOM if bom else b"") + b"".join(lines_of(name, items))
    return read.json(body, media_type=CSV, headers={"Content-Disposition": f'attachment; filename="{name}.csv"'})


def _of_list(name: str, operation: str, filters: type[Listed], words: str, tag: str) -> None:
    """A list as CSV: the same filters and order as the list, all rows, no pages."""

    class Params(filters):  # type: ignore[valid-type,misc]
        bom: bool = Bom

    Params.__name__ = Params.__qualname__ = f"{filters.__name__.removesuffix('Filters')}Table"

    def endpoint(params: Annotated[Params, Query()], read: Reader) -> Response:
        return _table(read, name, params, bom=params.bom)

    made: Callable[..., Response] = endpoint
    made.__name__, made.__doc__ = operation, words
    router.get(f"/{name}.csv", tags=[tag], response_class=_Plain, responses=_TABLE)(made)


_of_list(
    "procedures", "list_procedures_table", ProcedureFilters, "Procedures as CSV: same filters, all rows.", "procedures"
)
_EDGES: Final = "edges and estimates"
_of_list("targets", "list_targets_table", TargetFilters, "Targets as CSV: same filters, all rows.", _EDGES)
_of_list(
    "relief-durations",
    "list_relief_durations_table",
    ReliefDurationFilters,
    "Relief durations as CSV: same filters, all rows.",
    _EDGES,
)
_of_list(
    "response-rates",
    "list_response_rates_table",
    ResponseRateFilters,
    "Response rates as CSV: same filters, all rows.",
    _EDGES,
)
_of_list("findings", "list_findings_table", FindingFilters, "Findings as CSV: same filters, all rows.", _EDGES)
