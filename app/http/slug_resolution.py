"""From a slug or name of a request to one record."""

from typing import Any

import orjson

from app.errors import AmbiguousName, FieldError, Withdrawn, InvalidParameter, NotFound
from app.http.context import RequestContext
from app.http.redirects import Redirect
from app.queries.documents import find_document
from app.queries.name_lookup import resolve_name, find_withdrawn, list_names, list_slugs
from app.text.nearest import SuggestionIndex, find_nearest

TYPE_LABELS = {"pain_generator": "pain generator", "guide_page": "guide page"}


def get_document(read: RequestContext, kind: str, slug: str, *, document: str | None = None) -> bytes:
    """The document of a record (or another one that goes by its slug). Redirect, NotFound, AmbiguousName or Gone."""
    _ = read.release
    body = find_document(read.connection, document or kind, slug)
    if body is None:
        raise explain_missing(read, kind, slug)
    return body


def check_record_exists(read: RequestContext, kind: str, slug: str) -> None:
    """Do nothing when a record has this slug; else Redirect, NotFound, AmbiguousName or Gone."""
    if slug not in names_by_slug(read, kind):
        raise explain_missing(read, kind, slug)


def names_by_slug(read: RequestContext, kind: str) -> dict[str, str]:
    """Slugs of a type of record with their names."""
    return read.cached(("slugs", kind), lambda: list_slugs(read.connection, kind))


def explain_missing(read: RequestContext, kind: str, name: str) -> Exception:
    """What to raise when no record has this slug."""
    words = TYPE_LABELS.get(kind, kind)
    if gone := find_withdrawn(read.connection, kind, name):
        refs = [build_ref(read, kind, slug) for slug in orjson.loads(gone[1]) if slug in names_by_slug(read, kind)]
        return Withdrawn(f"The {words} {name!r} was withdrawn: {gone[0]}", replaced_by=tuple(refs))
    meant = resolve_name(read.connection, kind, name)
    if len(meant.slugs) == 1:
        return Redirect(name, meant.slugs[0], permanent=meant.is_old_slug)
    if meant.slugs:
        refs = [build_ref(read, kind, slug) for slug in meant.slugs]
        return AmbiguousName(
            f"{name!r} is a name of {len(refs)} records: take the slug of one.", suggestions=tuple(refs)
        )
    return NotFound(f"No {words} is called {name[:200]!r}.", suggestions=tuple(suggest_records(read, kind, name)))


def suggest_records(read: RequestContext, kind: str, name: str, *, most: int = 5) -> list[dict[str, Any]]:
    """Records with the names nearest to this one."""
    known = names_by_slug(read, kind)
    by_name, choices = read.cached(("choices", kind), lambda: _choices(read, kind))
    slugs = dict.fromkeys(by_name[near] for near in find_nearest(name, choices, limit=most * 4))
    return [build_ref(read, kind, slug) for slug in slugs if slug in known][:most]


def _choices(read: RequestContext, kind: str) -> tuple[dict[str, str], SuggestionIndex]:
    known = names_by_slug(read, kind)
    by_name = list_names(read.connection, kind) | {text: slug for slug, text in known.items()}
    by_name |= {slug: slug for slug in known}
    return by_name, SuggestionIndex(by_name)


def build_ref(read: RequestContext, kind: str, slug: str) -> dict[str, str]:
    """A reference to a record."""
    return {"type": kind, "slug": slug, "name": names_by_slug(read, kind)[slug]}


def resolve_filter_value(read: RequestContext, kind: str, parameter: str, value: str) -> str:
    """The slug that a filter value means: a slug, or a known name. InvalidParameter with the nearest known."""
    if value in names_by_slug(read, kind):
        return value
    meant = resolve_name(read.connection, kind, value)
    if len(meant.slugs) == 1:
        return meant.slugs[0]
    words = TYPE_LABELS.get(kind, kind)
    if meant.slugs:
        refs = tuple(build_ref(read, kind, slug) for slug in meant.slugs)
        wrong = FieldError(parameter, value, f"a name of several records: {', '.join(meant.slugs)}")
        raise InvalidParameter(
            f"{parameter}: {value!r} is a name of several records.", errors=(wrong,), suggestions=refs
        )
    near = suggest_records(read, kind, value)
    message = f"no {words} is called so" + (f"; the nearest is {near[0]['slug']!r}" if near else "")
    raise InvalidParameter(
        f"{parameter}: {message}.", errors=(FieldError(parameter, value[:200], message),), suggestions=tuple(near)
    )
