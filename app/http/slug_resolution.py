"""Slug resolution: from a slug or name in a request to one record."""

from collections.abc import Callable
from typing import Any, Final

import orjson

from app.domain.record_types import PATH_BY_RECORD_TYPE, get_label
from app.errors import AmbiguousName, FieldError, InvalidParameter, NotFound, Withdrawn
from app.http.codes import list_coded_slugs
from app.http.context import RequestContext
from app.http.redirects import Redirect
from app.queries.documents import find_document
from app.queries.name_resolution import (
    NameMatch,
    find_withdrawn,
    list_names,
    list_names_with_kind,
    list_search_phrases,
    list_slugs,
    resolve_name,
)
from app.text.nearest import SuggestionIndex, find_nearest
from app.text.normalize import fold_inflection, normalize

_TYPE_BY_FOLDER: Final = {folder: record_type for record_type, folder in PATH_BY_RECORD_TYPE.items()}


def get_document(ctx: RequestContext, record_type: str, slug: str, *, document_type: str | None = None) -> bytes:
    """Stored document of a record, or another document with its slug.

    Raises Redirect, NotFound, AmbiguousName or Withdrawn.
    """
    body = find_document(ctx.transaction, document_type or record_type, slug)
    if body is None:
        raise build_missing_record_error(ctx, record_type, slug)
    return body


def check_record_exists(ctx: RequestContext, record_type: str, slug: str) -> None:
    """Raises Redirect, NotFound, AmbiguousName or Withdrawn unless a record has this slug."""
    if slug not in names_by_slug(ctx, record_type):
        raise build_missing_record_error(ctx, record_type, slug)


def names_by_slug(ctx: RequestContext, record_type: str) -> dict[str, str]:
    """Slug -> name, of every record of a type."""
    return ctx.cached(("slugs", record_type), lambda: list_slugs(ctx.transaction, record_type))


def build_missing_record_error(ctx: RequestContext, record_type: str, name: str) -> Exception:
    """Exception to raise when no record has this slug."""
    label = get_label(record_type)
    if withdrawn := find_withdrawn(ctx.transaction, record_type, name):
        reason, replacements = withdrawn
        known = names_by_slug(ctx, record_type)
        refs = [build_ref(ctx, record_type, slug) for slug in orjson.loads(replacements) if slug in known]
        return Withdrawn(f"The {label} {name!r} was withdrawn: {reason}", replaced_by=tuple(refs))
    match = resolve_name(ctx.transaction, record_type, name)
    slug, candidates = find_slugs(ctx, record_type, name, match)
    if slug:
        return Redirect(name, slug, permanent=match.is_old_slug)
    if candidates:
        refs = [build_ref(ctx, record_type, candidate) for candidate in candidates]
        return AmbiguousName(f"{_explain_ambiguity(name, candidates)}; use a slug.", suggestions=tuple(refs))
    suggestions = suggest_records(ctx, record_type, name)
    return NotFound(f"Unknown {label} {name[:200]!r}.", suggestions=tuple(suggestions))


def find_path_of_slashed_name(ctx: RequestContext, path: str, serves: Callable[[str], bool]) -> str | None:
    """Path in which a slug replaces a name that has a slash (IC/BPS); None: it has no such name of a record.

    `serves`: whether a path fits a known one. Raises AmbiguousName.
    """
    segments = path.split("/")
    for start in range(2, len(segments) - 1):
        record_type = _TYPE_BY_FOLDER.get(segments[start - 1])
        # In known paths at most one segment follows a slug.
        for end in (len(segments), len(segments) - 1) if record_type else ():
            spelled = "/".join(segments[start:end])
            name = spelled.removesuffix(".jsonld")
            rest = "/".join((spelled[len(name) :], *segments[end:]))
            if "/" in name and serves("/".join((*segments[:start], f"slug{rest}"))):
                error = build_missing_record_error(ctx, str(record_type), name)
                if isinstance(error, Redirect):
                    return "/".join((*segments[:start], f"{error.slug}{rest}"))
                if isinstance(error, AmbiguousName):
                    raise error
    return None


def suggest_records(ctx: RequestContext, record_type: str, name: str, *, limit: int = 5) -> list[dict[str, Any]]:
    """References to the records with the names nearest to this one."""
    known = names_by_slug(ctx, record_type)
    slug_by_name, index = ctx.cached(("suggestions", record_type), lambda: _build_suggestion_index(ctx, record_type))
    slugs = dict.fromkeys(slug_by_name[near] for near in find_nearest(name, index, limit=limit * 4))
    return [build_ref(ctx, record_type, slug) for slug in slugs if slug in known][:limit]


def _build_suggestion_index(ctx: RequestContext, record_type: str) -> tuple[dict[str, str], SuggestionIndex]:
    known = names_by_slug(ctx, record_type)
    # A phrase is no name and does not redirect, but whoever sends one is looking for its record.
    slug_by_name = list_search_phrases(ctx.transaction, record_type) | list_names(ctx.transaction, record_type)
    slug_by_name |= {name: slug for slug, name in known.items()}
    slug_by_name |= {slug: slug for slug in known}
    return slug_by_name, SuggestionIndex(slug_by_name)


def build_ref(ctx: RequestContext, record_type: str, slug: str) -> dict[str, str]:
    """Reference to a record."""
    return {"type": record_type, "slug": slug, "name": names_by_slug(ctx, record_type)[slug]}


def find_slug(ctx: RequestContext, record_type: str, name: str) -> str | None:
    """Slug for a slug, former slug or known name; None if no record or several records have it."""
    if name in names_by_slug(ctx, record_type):
        return name
    return find_slugs(ctx, record_type, name)[0]


def find_slugs(
    ctx: RequestContext, record_type: str, name: str, match: NameMatch | None = None
) -> tuple[str | None, list[str]]:
    """Slug that a name, or else a code, means, and the slugs of all records that it may mean."""
    match = match or resolve_name(ctx.transaction, record_type, name)
    if match.slugs:
        return (match.slugs[0] if len(match.slugs) == 1 else None), list(match.slugs)
    slug, candidates = list_coded_slugs(ctx, record_type, name)
    if candidates:
        return slug, candidates
    slugs_by_name = ctx.cached(("inflected names", record_type), lambda: _list_slugs_by_folded_name(ctx, record_type))
    inflected = sorted(slugs_by_name.get(fold_inflection(normalize(name)), ()))
    return (inflected[0] if len(inflected) == 1 else None), inflected


def _list_slugs_by_folded_name(ctx: RequestContext, record_type: str) -> dict[str, set[str]]:
    """Names without inflection -> slugs of the records with such a preferred name, else with such a name of any kind."""
    preferred: dict[str, set[str]] = {}
    others: dict[str, set[str]] = {}
    for slug, kind, text in list_names_with_kind(ctx.transaction, record_type):
        names = preferred if kind == "preferred" else others
        names.setdefault(fold_inflection(normalize(text)), set()).add(slug)
    return others | preferred


def _explain_ambiguity(name: str, candidates: list[str]) -> str:
    if len(candidates) == 1:
        return f"{name[:200]!r} is a code that is broader than a record or merely related to it"
    return f"{name[:200]!r} is ambiguous ({len(candidates)} records)"


def resolve_filter_value(ctx: RequestContext, record_type: str, parameter: str, value: str) -> str:
    """Slug that a filter value means: a slug, or a known name. Raises InvalidParameter with suggestions."""
    if value in names_by_slug(ctx, record_type):
        return value
    slug, candidates = find_slugs(ctx, record_type, value)
    if slug:
        return slug
    if candidates:
        refs = [build_ref(ctx, record_type, candidate) for candidate in candidates]
        message = f"{_explain_ambiguity(value, candidates)}; use a slug: {', '.join(candidates)}"
    else:
        refs = suggest_records(ctx, record_type, value)
        message = f"unknown {get_label(record_type)}"
        parts = [part.strip() for part in value.split(",")]
        if len(parts) > 1 and all(find_slug(ctx, record_type, part) for part in parts):
            refs = []
            message += f"; repeat the parameter for several values: {'&'.join(f'{parameter}={part}' for part in parts)}"
        message += f"; did you mean {refs[0]['slug']!r}?" if refs else ""
    error = FieldError(parameter, value[:200], message)
    raise InvalidParameter(f"{parameter}: {message}", errors=(error,), suggestions=tuple(refs))
