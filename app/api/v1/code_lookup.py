"""Code lookup, from a diagnosis code to what treats it."""

from typing import Annotated
from urllib.parse import quote

import orjson
from fastapi import Query, Response
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from app.api.deps import Context, create_router
from app.api.parameters import ReleaseParams, optional
from app.domain.code_systems import CODE_SYSTEMS, find_code_system
from app.domain.documents import DocumentType
from app.domain.json import Json
from app.domain.patterns import PRINTABLE
from app.domain.record_types import PATH_BY_RECORD_TYPE
from app.errors import FieldError, InvalidParameter
from app.http.codes import Code, CodedRecord, CodeMap, UnknownCode, get_code_map
from app.http.context import RequestContext
from app.http.slug_resolution import build_ref
from app.queries.documents import list_documents
from app.schemas.code_lookup import CodeLookup

MAX_CODES = 50
# "known" sorts first.
_STATUS_BY_RELATION = {"related": "related"}
router = create_router("codes")
CodeText = Annotated[str, Field(min_length=1, max_length=120, pattern=PRINTABLE)]


class CodeLookupParams(ReleaseParams):
    """Parameters of the code lookup."""

    code: list[CodeText] = Field(
        min_length=1,
        max_length=MAX_CODES,
        description="`SYSTEM|CODE`, such as `icd-10-cm|M54.16`; the system as short name, OID or URI. Repeatable.",
    )
    system: CodeText | SkipJsonSchema[None] = optional("System of codes that name none.")


@router.get("/lookup", response_model=CodeLookup)
def lookup_codes(params: Annotated[CodeLookupParams, Query()], ctx: Context) -> Response:
    """Records that codes lead to; for a condition with what treats it. A valid code without a record is `unknown`."""
    code_map = get_code_map(ctx)
    codes = parse_codes(code_map, params.code, params.system)
    records = {code: code_map.list_records(code) for code in codes}
    conditions = {record.slug for found in records.values() for record in found if record.record_type == "condition"}
    treatments = list_documents(ctx.transaction, DocumentType.TREATMENTS, sorted(conditions))
    items = [
        {
            **describe_code(code_map, code, has_records=bool(records[code])),
            "status": get_status(records[code]),
            "records": [_build_record(ctx, record, treatments) for record in records[code]],
        }
        for code in codes
    ]
    query = "&".join(f"code={code.system.name}%7C{quote(code.code)}" for code in codes)
    links = {"self": f"{ctx.settings.link_base}/v1/lookup?{query}"}
    return ctx.json_response({"items": items, "notice": code_map.notice, "links": links})


def parse_codes(code_map: CodeMap, texts: list[str], system_text: str | None) -> list[Code]:
    """Codes in texts, each once. Raises InvalidParameter, which names each text that is no code."""
    system = None
    if system_text is not None and (system := find_code_system(system_text)) is None:
        message = f"unknown code system; known: {', '.join(CODE_SYSTEMS)}"
        raise InvalidParameter(f"system: {message}", errors=(FieldError("system", system_text, message),))
    codes, errors = [], []
    for text in texts:
        try:
            codes.append(code_map.parse(text, system))
        except UnknownCode as error:
            errors.append(FieldError("code", text, str(error)))
    if errors:
        raise InvalidParameter(f"code: {errors[0].message}", errors=tuple(errors))
    return list(dict.fromkeys(codes))


def get_status(records: list[CodedRecord]) -> str:
    """Whether records are what the code means (known), merely related to it, or there are none (unknown)."""
    return min((_STATUS_BY_RELATION.get(record.relation, "known") for record in records), default="unknown")


def describe_code(code_map: CodeMap, code: Code, *, has_records: bool) -> Json:
    """Describe a code with what is near it."""
    entry = code_map.describe(code)
    return {
        "system": code.system.name,
        "system_uri": code.system.uri,
        "version": code_map.find_version(code.system),
        "code": code.code,
        "title": entry["title"],
        "billable": entry["billable"],
        "parent": code_map.find_parent(code),
        "replaced_by": entry["replaced_by"],
        "nearest": [] if has_records else code_map.list_nearest(code),
    }


def _build_record(ctx: RequestContext, record: CodedRecord, treatments: dict[str, bytes]) -> Json:
    path = f"{PATH_BY_RECORD_TYPE[record.record_type]}/{record.slug}"
    # What treats a condition that is merely related need not treat what the code says.
    has_treatments = record.record_type == "condition" and record.relation != "related"
    return {
        **build_ref(ctx, record.record_type, record.slug),
        "relation": record.relation,
        "origin": record.origin,
        "path": record.path,
        "treatments": orjson.Fragment(bytes(treatments[record.slug])) if has_treatments else None,
        "links": {"self": f"{ctx.settings.link_base}/v1/{path}"},
    }
