"""Infobutton: the URL form of HL7's Context-Aware Knowledge Retrieval, so that clients of it need another base URL alone."""

from typing import Annotated, Any, Final

import orjson
from fastapi import Query, Response

from app.api.deps import Context, create_router
from app.domain.code_systems import find_code_system
from app.domain.record_types import PATH_BY_RECORD_TYPE, get_evidence_path
from app.errors import FieldError, InvalidParameter
from app.formats.feeds import to_timestamp
from app.formats.infobutton import (
    JSON_MEDIA_TYPE,
    XML_MEDIA_TYPES,
    KnowledgeEntry,
    KnowledgeFeed,
    render_infobutton_atom,
    render_infobutton_json,
)
from app.formats.safety import iter_safety_lines
from app.http.codes import CodedRecord, UnknownCode, get_code_map
from app.http.context import RequestContext
from app.http.slug_resolution import find_slug
from app.openapi.responses import UndocumentedMediaType
from app.queries.documents import find_document, get_current_release_json

router = create_router("codes")
Text = Annotated[str, Query(max_length=200)]
_FORMATS: Final = (JSON_MEDIA_TYPE, *XML_MEDIA_TYPES)
# Emergency signs of an entry; the page has all.
_MAX_SIGNS: Final = 12
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Atom, or JSON where `knowledgeResponseType` asks for it. Without an entry if nothing is known.",
        "content": {
            XML_MEDIA_TYPES[0]: {"schema": {"type": "string"}},
            JSON_MEDIA_TYPE: {"schema": {"type": "object", "additionalProperties": True}},
        },
    }
}


@router.get("/infobutton", response_class=UndocumentedMediaType, responses=_RESPONSES)
def get_infobutton(
    ctx: Context,
    code_system: Annotated[Text, Query(alias="mainSearchCriteria.v.cs", description="OID of the code system.")] = "",
    code: Annotated[Text, Query(alias="mainSearchCriteria.v.c", description="The code.")] = "",
    display_name: Annotated[
        Text, Query(alias="mainSearchCriteria.v.dn", description="Name, where there is no code.")
    ] = "",
    recipient: Annotated[Text, Query(alias="informationRecipient", description="PAT (default) or PROV.")] = "PAT",
    response_type: Annotated[
        Text, Query(alias="knowledgeResponseType", description="Media type of the response; default text/xml.")
    ] = XML_MEDIA_TYPES[0],
) -> Response:
    """Pages for a code, in the shape that Infobutton clients read. Parameters of the standard that select nothing are ignored."""
    if response_type not in _FORMATS:
        name, message = "knowledgeResponseType", f"is not one of {', '.join(_FORMATS)}"
        raise InvalidParameter(f"{name}: {message}", errors=(FieldError(name, response_type[:200], message),))
    records = _find_records(ctx, code_system, code, display_name)
    request_fields = [
        ("mainSearchCriteria.v.c", code),
        ("mainSearchCriteria.v.cs", code_system),
        ("mainSearchCriteria.v.dn", display_name),
        ("informationRecipient", "PROV" if recipient == "PROV" else "PAT"),
    ]
    feed = _build_feed(ctx, records, request_fields, for_clinicians=recipient == "PROV")
    if response_type == JSON_MEDIA_TYPE:
        return ctx.bytes_response(render_infobutton_json(feed), has_links=False)
    return ctx.bytes_response(render_infobutton_atom(feed), media_type=response_type, has_links=False)


def _find_records(ctx: RequestContext, code_system: str, code: str, display_name: str) -> list[CodedRecord]:
    """Records that a code means, else the condition with the name. A system or code that is not held gives none, and so does neither."""
    if not code and not display_name:
        return []
    if not code:
        slug = find_slug(ctx, "condition", display_name)
        return [CodedRecord("condition", slug, "exact", ())] if slug else []
    system = find_code_system(code_system) if code_system else None
    if code_system and system is None:
        return []
    code_map = get_code_map(ctx)
    try:
        records = code_map.list_records(code_map.parse(code, system))
    except UnknownCode:
        return []
    return [record for record in records if record.relation != "related"]


def _build_feed(
    ctx: RequestContext, records: list[CodedRecord], request_fields: list[tuple[str, str]], *, for_clinicians: bool
) -> KnowledgeFeed:
    # Another system shows the links, so they are absolute wherever the address is known.
    base = ctx.settings.absolute_base or ctx.settings.link_base
    updated = to_timestamp(ctx.release.date)
    attribution = orjson.loads(get_current_release_json(ctx.transaction))["license"]["attribution"]
    entries = []
    for record in records:
        document = find_document(ctx.transaction, record.record_type, record.slug)
        facts = orjson.loads(bytes(document)) if document else {}
        url = f"{base}/{PATH_BY_RECORD_TYPE[record.record_type]}/{record.slug}"
        if for_clinicians:
            url = f"{base}{get_evidence_path(record.record_type, record.slug)}#clinicians"
        texts = facts["texts"]["clinical"]["items"] if for_clinicians else []
        paragraphs = [text["text"] for text in texts] or [facts["summary"] or facts["name"]]
        if record.origin == "operator":
            paragraphs.append("The operator of this service maps the code to this page.")
        record_id = f"tag:procedure-kb,{ctx.release.date}:{record.record_type}/{record.slug}"
        # Whoever reads the entry alone must see the harms beside any benefit.
        safety = iter_safety_lines(facts, max_signs=_MAX_SIGNS, with_scopes=False)
        text = (*paragraphs, *safety, facts["notice"]["text"])
        entries.append(KnowledgeEntry(record_id, facts["name"], record.record_type, url, text, updated))
    terms = " ".join(term for _, term in request_fields[:3] if term)
    return KnowledgeFeed(
        feed_id=f"tag:procedure-kb,{ctx.release.date}:infobutton/{terms}",
        title="procedure-kb",
        subtitle=f"Results for {terms}",
        author=attribution,
        author_url=f"{base}/notice",
        base_url=f"{base}/",
        updated=updated,
        categories=request_fields,
        entries=entries,
    )
