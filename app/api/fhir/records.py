"""Record resources over FHIR: ActivityDefinition, EvidenceVariable, ConditionDefinition and Citation."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

import orjson
from fastapi import Response

from app.api.fhir import search
from app.api.fhir.params import SearchParams
from app.domain.json import Json
from app.domain.record_types import RECORD_TYPES
from app.errors import NotFound
from app.formats.fhir import elements
from app.formats.fhir.elements import canonical_url, system_url
from app.formats.fhir.records import (
    STATUS_BY_STANDING,
    build_record_resource,
    get_program_name,
    list_public_identifiers,
)
from app.http.context import RequestContext
from app.http.redirects import Redirect
from app.http.slug_resolution import build_missing_record_error
from app.queries.documents import get_current_release_json, list_all_summaries, list_documents, list_summaries
from app.queries.name_resolution import list_names_with_kind
from app.text.nearest import find_nearest
from app.text.normalize import normalize

# Facet of a procedure -> code system of `topic`.
TOPIC_SYSTEMS: Final = {"family": "families", "intents": "intents", "body_regions": "body-regions"}


def get_publisher(ctx: RequestContext) -> str:
    """Publisher of the content, from the license of the release."""
    return ctx.cached(
        ("fhir publisher",),
        lambda: str(orjson.loads(get_current_release_json(ctx.transaction))["license"]["attribution"]),
    )


def list_resources(ctx: RequestContext, documents: Sequence[Json], resource_type: str | None = None) -> list[Json]:
    """List the resources for record documents or source summaries of /v1, of the resource type of their records or another."""
    date, publisher = ctx.release.date, get_publisher(ctx)
    return [build_record_resource(document, date, publisher, resource_type) for document in documents]


def list_record_documents(ctx: RequestContext, keys: Sequence[tuple[str, str]]) -> list[Json]:
    """List documents in the order of the keys (record type and slug): of a source the summary, of others everything."""
    documents = list_summaries(ctx.transaction, [key for key in keys if key[0] == "source"])
    for record_type in {record_type for record_type, _ in keys} - {"source"}:
        slugs = [slug for key_type, slug in keys if key_type == record_type]
        found = list_documents(ctx.transaction, record_type, slugs)
        documents |= {(record_type, slug): document for slug, document in found.items()}
    return [orjson.loads(documents[key]) for key in keys if key in documents]


def build_related(ctx: RequestContext, keys: Sequence[tuple[str, str]]) -> list[Json]:
    """Build the resources that `_include` asks for; a record without a resource type has none."""
    return list_resources(
        ctx, list_record_documents(ctx, [key for key in keys if key[0] in elements.RESOURCE_BY_RECORD_TYPE])
    )


def _list_record_types(resource_type: str) -> list[str]:
    """Record types of a resource type: conditions have two."""
    if resource_type == "ConditionDefinition":
        return ["condition"]
    return [name for name, (resource, _) in elements.RESOURCE_BY_RECORD_TYPE.items() if resource == resource_type]


def _get_id_prefix(resource_type: str, record_type: str) -> str:
    return "" if resource_type == "ConditionDefinition" else elements.RESOURCE_BY_RECORD_TYPE[record_type][1]


def read_record(ctx: RequestContext, resource_type: str, fhir_id: str, params: SearchParams) -> Response:
    """Response with one record.

    Raises Redirect if the id is a name or former slug of a record, else what `build_missing_record_error` returns, with FHIR ids as
    suggestions.
    """
    index = get_index(ctx, resource_type)
    keys = [entry.key for entry in index.entries if entry.fhir_id == fhir_id]
    if keys:
        (resource,) = index.build(ctx, index.load(ctx, keys))
        return search.resource_response(ctx, resource, params)
    for record_type in _list_record_types(resource_type):
        prefix = _get_id_prefix(resource_type, record_type)
        if not fhir_id.startswith(prefix):
            continue
        error = build_missing_record_error(ctx, record_type, fhir_id.removeprefix(prefix))
        if isinstance(error, Redirect):
            raise Redirect(fhir_id, elements.to_fhir_id(prefix + error.slug), permanent=error.permanent)
        if not isinstance(error, NotFound):
            raise error
    known = [entry.fhir_id for entry in index.entries]
    raise search.build_unknown_id_error(resource_type, fhir_id, find_nearest(fhir_id, known, limit=5))


def get_index(ctx: RequestContext, resource_type: str) -> search.ResourceIndex:
    """Index of the records of a resource type; conditions come before pain generators, each sorted by name."""
    return ctx.cached(
        ("fhir index", resource_type),
        lambda: search.ResourceIndex(
            [
                entry
                for record_type in _list_record_types(resource_type)
                for entry in _iter_entries(ctx, resource_type, record_type)
            ],
            list_record_documents,
            lambda ctx, documents: list_resources(ctx, documents, resource_type),
            {f"{resource_type}:derived-from": lambda document: [("source", ref["slug"]) for ref in document["sources"]]}
            if resource_type != "Citation"
            else {},
            build_related,
        ),
    )


def _iter_entries(ctx: RequestContext, resource_type: str, record_type: str) -> Iterator[search.IndexEntry]:
    names: dict[str, list[str]] = defaultdict(list)
    for slug, _, text in list_names_with_kind(ctx.transaction, record_type):
        names[slug].append(text)
    summaries = map(orjson.loads, list_all_summaries(ctx.transaction, record_type))
    prefix, system = _get_id_prefix(resource_type, record_type), RECORD_TYPES[record_type].fhir_system
    for document in sorted(summaries, key=lambda document: (normalize(document["name"]), document["slug"])):
        slug, name = document["slug"], document["name"]
        fhir_id = elements.to_fhir_id(prefix + slug)
        status = STATUS_BY_STANDING[document["standing"]] if record_type == "source" else "active"
        values = {
            "_id": [("", fhir_id)],
            "url": [(canonical_url(resource_type, fhir_id), document["last_changed_in"])],
            "identifier": [(canonical_url("identifier", system), slug)],
            "name": search.list_texts(*dict.fromkeys([get_program_name(slug), name, *names[slug]])),
            "title": search.list_texts(name),
            "status": [(search.PUBLICATION_STATUS, status)],
            "code": [(system_url(system), slug)],
        }
        if record_type == "procedure":
            values["topic"] = [
                (system_url(topic_system), code)
                for facet, topic_system in TOPIC_SYSTEMS.items()
                for code in (document[facet] if isinstance(document[facet], list) else [document[facet]])
            ]
        if record_type == "source":
            values["identifier"] += [(row.get("system", ""), row["value"]) for row in list_public_identifiers(document)]
        yield search.IndexEntry(fhir_id, (record_type, slug), values)
