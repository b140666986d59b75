"""Page rendering: routes, templates, static files, and the variables and headers that all pages share."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from importlib import resources
from typing import Final

import orjson
from fastapi import APIRouter, Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from app.domain import vocabulary
from app.domain.code_systems import CODE_RELATIONS
from app.domain.json import Json
from app.domain.record_types import PATH_BY_RECORD_TYPE, get_evidence_path, list_source_links
from app.errors import FieldError, InvalidParameter, KnowledgeBaseError, ReleaseMismatch
from app.formats.safety import (
    STATUS_TEXTS,
    describe_body,
    describe_figure,
    describe_risk,
    describe_serious_harms,
    describe_topic,
    describe_worst_harm,
    iter_harm_lines,
    list_contraindication_topics,
    list_risk_groups,
)
from app.http.context import CACHE_CONTROL, RequestContext, request_context
from app.http.search import explain_hit
from app.http.slug_resolution import get_document, names_by_slug
from app.queries.documents import get_current_release_json, list_summaries
from app.queries.list_filter import FilteredList
from app.queries.lists import list_rows
from app.text.nearest import find_nearest
from app.web.claim_lists import list_sections
from app.web.clinic_edition import name_number
from app.web.head_metadata import build_head_metadata
from app.web.patient_pages import (
    capitalize_first,
    get_patient_name,
    list_opposed,
    list_patient_risks,
    shorten_summary,
    split_signs,
    use_plain_words,
)
from app.web.review_text import describe_review

# Routes of all pages and embeds.
router = APIRouter(include_in_schema=False)
BuildPage = Callable[..., Response]
CSP: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SWAGGER_UI: Final = ("swagger-ui-bundle.js", "swagger-ui.css")
_LABELS: Final = {
    "families": vocabulary.PROCEDURE_FAMILIES,
    "intents": vocabulary.INTENTS,
    "designs": vocabulary.DESIGNS,
    "standings": vocabulary.SOURCE_STANDINGS,
    "roles": vocabulary.TARGET_ROLES,
    "relations": vocabulary.PROCEDURE_RELATIONS,
    "regions": vocabulary.BODY_REGIONS,
    "generator_kinds": vocabulary.GENERATOR_KINDS,
    "statistics": vocabulary.STATISTICS,
    "code_relations": CODE_RELATIONS,
    "states": vocabulary.RISK_STATES,
    "categories": vocabulary.RISK_CATEGORIES,
    "seriousness": vocabulary.SERIOUSNESS,
    "contraindication_topics": vocabulary.CONTRAINDICATION_TOPICS,
    "contraindication_strengths": vocabulary.CONTRAINDICATION_STRENGTHS,
    "bleeding_risk_classes": vocabulary.BLEEDING_RISK_CLASSES,
    "status_texts": STATUS_TEXTS,
    "certainty_ratings": vocabulary.CERTAINTY_RATINGS,
    "positions": {**vocabulary.POSITIONS, **vocabulary.DIRECTIONS, **vocabulary.RELIEF_POSITIONS},
    "body_positions": vocabulary.POSITIONS,
    "call_tiers": vocabulary.CALL_TIERS,
    "folders": PATH_BY_RECORD_TYPE,
}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("app.web"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Signs of a few words are set in two columns.
    environment.tests["is_brief"] = lambda sign: len(sign) <= 30
    environment.filters.update(
        explanation=explain_hit,
        sections=list_sections,
        describe_risk=describe_risk,
        describe_figure=describe_figure,
        describe_body=describe_body,
        describe_worst_harm=describe_worst_harm,
        describe_serious_harms=describe_serious_harms,
        describe_topic=describe_topic,
        harm_lines=iter_harm_lines,
        risk_groups=list_risk_groups,
        contraindication_topics=list_contraindication_topics,
        source_links=list_source_links,
        describe_review=describe_review,
        dialed=lambda number: "".join(char for char in number if char in "+0123456789"),
        patient_name=get_patient_name,
        opposed=list_opposed,
        claim_number=lambda claim_id, numbers: numbers[claim_id],
        patient_risks=list_patient_risks,
        plain=use_plain_words,
        shorten_summary=shorten_summary,
        capitalize_first=capitalize_first,
        split_signs=split_signs,
    )
    return environment


@cache
def read_asset(name: str) -> bytes:
    """Read a static file of this package, or of Swagger UI from the package that ships it."""
    package = "fastapi_offline" if name in SWAGGER_UI else "app.web"
    return (resources.files(package) / "static" / name).read_bytes()


@cache
def asset_path(name: str) -> str:
    """URL path of a static file. It contains a hash of the bytes, so the file can be cached permanently."""
    stem, _, suffix = name.rpartition(".")
    return f"/static/{stem}.{hashlib.sha256(read_asset(name)).hexdigest()[:12]}.{suffix}"


def render_template(
    ctx: RequestContext, template: str, *, title: str, status: int = 200, csp: str = CSP, **variables: object
) -> Response:
    """Render an HTML page of the current release. Closes the read transaction."""
    settings, release, path = ctx.settings, ctx.release, ctx.request.url.path
    current = get_current_release(ctx)
    template_context = {
        **_LABELS,
        "call_actions": vocabulary.CALL_ACTIONS,
        "clinic": settings.edition,
        "clinic_css_path": f"/clinic.css?v={settings.edition.fingerprint}" if settings.edition else "",
        "base": settings.path_prefix,
        "tokens_css_path": asset_path("tokens.css"),
        "css_path": asset_path("site.css"),
        "js_path": asset_path("site.js"),
        "title": title,
        "release": release.version,
        "notice_text": current["notice"]["text"],
        "report_url": settings.report_url or f"{settings.path_prefix}/notice#report",
        "leaflet_css_path": asset_path("leaflet.css"),
        "path": path,
        # Empty: no absolute URL of this service is known.
        "canonical_url": settings.absolute_base and f"{settings.absolute_base}{variables.get('canonical_path', path)}",
        "has_emergency_page": "emergencies" in names_by_slug(ctx, "guide_page"),
        "noindex": False,
        "numbers": {},
        "evidence_path": get_evidence_path,
        "patient_names": {
            record_type: _load_patient_names(ctx, record_type) for record_type in ("procedure", "condition")
        },
        "current": current,
        **build_head_metadata(ctx, title, path, current, variables.get("record")),
        **variables,
    }
    # All data is loaded: do not hold the transaction open while a long page is rendered.
    ctx.close()
    html = name_number(_environment().get_template(template).render(template_context), settings.edition)
    headers = {
        "KB-Release": release.version,
        "Cache-Control": CACHE_CONTROL,
        "Content-Language": "en",
        "Content-Security-Policy": csp,
        "Referrer-Policy": "strict-origin-when-cross-origin",
    }
    return Response(html.encode(), status, headers=headers, media_type="text/html")


def _load_patient_names(ctx: RequestContext, record_type: str) -> dict[str, str]:
    """Load what patients call each record of a type, by slug; of every record once per release."""
    path = PATH_BY_RECORD_TYPE[record_type]
    return ctx.cached(
        ("patient names", record_type), lambda: {row["slug"]: get_patient_name(row) for row in load_rows(ctx, path)}
    )


def get_current_release(ctx: RequestContext) -> Json:
    """Get the document of the current release. Raises NotLoaded if there is none."""
    return ctx.cached(("current",), lambda: parse_document(ctx, get_current_release_json(ctx.transaction)))


def parse_document(ctx: RequestContext, body: bytes) -> Json:
    """Parse a stored document, with its link placeholders resolved."""
    document: Json = orjson.loads(ctx.resolve_links(bytes(body)))
    return document


def load_document(ctx: RequestContext, record_type: str, slug: str, *, document_type: str | None = None) -> Json:
    """Load the document of a record, or another document with its slug. Raises the errors of `get_document`."""
    return parse_document(ctx, get_document(ctx, record_type, slug, document_type=document_type))


def load_rows(ctx: RequestContext, path: str, limit: int = 1000) -> list[Json]:
    """Load the items of an API list, in the order of the API."""
    rows = list_rows(FilteredList(ctx.transaction, path), after=None, limit=limit)
    return [parse_document(ctx, row.json) for row in rows]


def load_procedure_rows(ctx: RequestContext, slugs: Iterable[str]) -> list[Json]:
    """Load the list rows of procedures, each once, in the order of their slugs."""
    keys = [("procedure", slug) for slug in dict.fromkeys(slugs)]
    rows = list_summaries(ctx.transaction, keys)
    return [parse_document(ctx, rows[key]) for key in keys]


def page(
    path: str, *, render_error: Callable[[RequestContext, KnowledgeBaseError], Response] | None = None
) -> Callable[[BuildPage], BuildPage]:
    """Add the route of a page: a function that builds the response from the context and the parameters of the path.

    Its domain errors become pages by `render_error`; those of status 500 and up are raised.
    """

    def add_route(build: BuildPage) -> BuildPage:
        def show(request: Request) -> Response:
            with request_context(request) as ctx:
                try:
                    # The release is checked before the parameters.
                    _ = ctx.release
                    return build(ctx, **request.path_params)
                except KnowledgeBaseError as error:
                    if error.status >= 500:
                        raise
                    return (render_error or _render_error)(ctx, error)

        router.add_api_route(path, show)
        return build

    return add_route


def render_not_found(request: Request, error: KnowledgeBaseError) -> Response:
    """Render the page for a URL with no route, with similar URLs."""
    with request_context(request) as ctx:
        # No release has this URL: a mismatch changes nothing.
        with suppress(ReleaseMismatch):
            _ = ctx.release
        return _render_error(ctx, error)


def list_links(error: KnowledgeBaseError) -> list[tuple[str, str]]:
    """List the suggestions of an error that have a page: the path and the name of each."""
    links = []
    for suggestion in error.suggestions:
        if isinstance(suggestion, dict) and suggestion.get("type") in PATH_BY_RECORD_TYPE:
            links.append((f"/{PATH_BY_RECORD_TYPE[suggestion['type']]}/{suggestion['slug']}", suggestion["name"]))
        elif isinstance(suggestion, str) and suggestion.startswith("/") and "{" not in suggestion:
            links.append((suggestion, suggestion))
    return links


def _render_error(ctx: RequestContext, error: KnowledgeBaseError) -> Response:
    return render_template(
        ctx,
        "message.html",
        title=error.title,
        status=error.status,
        lines=[error.detail],
        suggestions=list_links(error),
        show_search_form=error.status in {404, 410},
        noindex=True,
    )


def validate_choices(ctx: RequestContext, name: str, allowed: Mapping[str, str]) -> list[str]:
    """Parse a repeatable query parameter of a page. Raises InvalidParameter, with the nearest value, for an unknown one."""
    values = list(dict.fromkeys(value for value in ctx.request.query_params.getlist(name) if value))
    for value in values:
        if value not in allowed:
            nearest_values = find_nearest(value, list(allowed), limit=1)
            message = f"unknown value {value[:80]!r}" + (
                f"; did you mean {nearest_values[0]!r}?" if nearest_values else ""
            )
            raise InvalidParameter(
                f"{name}: {message}",
                errors=(FieldError(name, value[:200], message),),
                suggestions=tuple(nearest_values),
            )
    return values


def parse_start(ctx: RequestContext, total: int) -> int:
    """Parse the parameter `start` of a page with rows: how many rows come before. Raises InvalidParameter."""
    text = ctx.request.query_params.get("start", "0")
    if text.isdecimal() and len(text) < 10 and (int(text) < total or text == "0"):
        return int(text)
    message = f"must be a whole number below {max(total, 1)}"
    raise InvalidParameter(f"start: {message}", errors=(FieldError("start", text[:200], message),))
