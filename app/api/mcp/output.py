"""Parts of all MCP tools: output with release, notice and sources, pages, and the records that arguments name."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson

from app.api.mcp.arguments import PagedArguments, ToolArguments
from app.api.mcp.serialization import NOTICE, CitedSources, measure, measure_sources
from app.domain.json import Json
from app.domain.record_types import get_label
from app.errors import FieldError, InvalidParameter, NotFound
from app.http.context import RequestContext
from app.http.pagination import decode_cursor
from app.http.slug_resolution import build_missing_record_error, build_ref, find_slugs, names_by_slug, suggest_records
from app.queries.claims import list_source_urls
from app.queries.documents import get_current_release_json
from app.queries.name_resolution import find_withdrawn, resolve_name
from app.text.nearest import find_nearest

# Characters of one answer, without release, notice and what surrounds the items: the whole stays below 8,000.
MAX_ANSWER: Final = 6_800


def build_output(ctx: RequestContext, sources: CitedSources, output: Json) -> Json:
    """Add the fields that every output has: release, notice and sources."""

    def find_notice() -> str:
        current = orjson.loads(get_current_release_json(ctx.transaction))
        return str(current.get("notice", {}).get("text", ""))

    release = ctx.release
    urls = list_source_urls(ctx.transaction, list(sources.by_slug))
    notice = ctx.cached(("notice",), find_notice)
    return {
        "release": {"version": release.version, "date": release.date},
        "notice": notice if NOTICE.rstrip(".").lower() in notice.lower() else f"{NOTICE} {notice}".strip(),
        "sources": [{**source, "url": urls[slug]} for slug, source in sources.by_slug.items()],
        **output,
    }


def invalid_argument(parameter: str, value: str, message: str) -> InvalidParameter:
    """Error about the value of an argument, to raise."""
    return InvalidParameter(f"{parameter}: {message}", errors=(FieldError(parameter, value, message),))


def get_signature(args: ToolArguments) -> str:
    """Signature of a call without its page: a cursor is valid for this call alone."""
    tool_call = [type(args).__name__, args.model_dump(exclude={"cursor", "limit"})]
    return hashlib.blake2b(orjson.dumps(tool_call), digest_size=6).hexdigest()


def decode_offset(ctx: RequestContext, args: PagedArguments) -> int | None:
    """Offset in the cursor of a call; None: the first page. Raises InvalidCursor."""
    return decode_cursor(ctx, args.cursor or None, get_signature(args))


def fill_page(
    sources: CitedSources,
    rows: Sequence[Any],
    serialize: Callable[[Any, CitedSources], Json],
    *,
    used: int = 0,
    at_least: int = 1,
) -> list[Json]:
    """Serialize rows while they and their sources fit one answer, and `at_least` so many. `used`: characters that are taken."""
    items: list[Json] = []
    size = used + measure_sources(sources)
    for row in rows:
        added = CitedSources()
        item = serialize(row, added)
        size += measure(item) + measure_sources(added, beside=sources)
        if len(items) >= at_least and size > MAX_ANSWER:
            break
        items.append(item)
        sources.by_slug |= added.by_slug
    return items


def resolve_record(ctx: RequestContext, parameter: str, record_types: Sequence[str], name: str) -> tuple[str, str]:
    """Resolve a slug, a known name or a code to record type and slug.

    Raises InvalidParameter if the name is ambiguous, Withdrawn, or NotFound with suggestions.
    """
    matches = [(record_type, name) for record_type in record_types if name in names_by_slug(ctx, record_type)]
    if not matches:
        matches = [
            (record_type, slug)
            for record_type in record_types
            for slug in resolve_name(ctx.transaction, record_type, name).slugs
        ]
    is_certain = True
    if not matches:
        found = {record_type: find_slugs(ctx, record_type, name) for record_type in record_types}
        matches = [(record_type, slug) for record_type, (slug, _) in found.items() if slug]
        is_certain = bool(matches)
        matches = matches or [(record_type, slug) for record_type, (_, slugs) in found.items() for slug in slugs]
    if len(matches) == 1 and is_certain:
        return matches[0]
    if matches:
        refs = tuple(build_ref(ctx, record_type, slug) for record_type, slug in matches)
        candidates = ", ".join(f"{ref['type']} {ref['slug']}" for ref in refs)
        message = f"{name!r} is ambiguous ({candidates}); use a slug"
        raise InvalidParameter(message, errors=(FieldError(parameter, name, message),), suggestions=refs)
    for record_type in record_types:
        if find_withdrawn(ctx.transaction, record_type, name):
            raise build_missing_record_error(ctx, record_type, name)
    suggestions = [ref for record_type in record_types for ref in suggest_records(ctx, record_type, name, limit=3)]
    texts = [ref["slug"] for ref in suggestions] + [ref["name"] for ref in suggestions]
    nearest = find_nearest(name, texts, limit=10)

    def rank(ref: Json) -> int:
        return min((nearest.index(ref[key]) for key in ("slug", "name") if ref[key] in nearest), default=len(nearest))

    suggestions.sort(key=rank)
    labels = " or ".join(get_label(record_type) for record_type in record_types)
    raise NotFound(f"Unknown {labels} {name!r}.", suggestions=tuple(suggestions[:5]))
