"""MCP tools beside records: claims by their words, options of a condition, disagreements, and codes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import orjson

from app.api.mcp.arguments import DisagreementsArguments, FindClaimsArguments, LookupCodeArguments, OptionsArguments
from app.api.mcp.output import (
    MAX_ANSWER,
    build_output,
    decode_offset,
    fill_page,
    get_signature,
    invalid_argument,
    resolve_record,
)
from app.api.mcp.serialization import CitedSources, list_call_signs, list_harm_claims, measure
from app.api.v1.code_lookup import describe_code, get_status, parse_codes
from app.domain import vocabulary
from app.domain.claim_kinds import CLAIM_KINDS
from app.domain.documents import DISAGREEMENTS, DocumentType
from app.domain.json import Json
from app.domain.record_types import RECORD_TYPES, TYPES_WITH_BLOCKS
from app.errors import NotFound
from app.formats.safety import iter_harm_lines
from app.http.codes import get_code_map
from app.http.context import RequestContext
from app.http.pagination import build_next_cursor
from app.http.slug_resolution import build_ref
from app.queries.claims import iter_claims, list_parsed_claims
from app.queries.documents import find_document
from app.search.stemming import stem_content_words

# Characters of the sources of the harms of one option: `get` has all.
_SOURCES_OF_OPTION = 800
# Record types whose claims can be searched by the name of the record.
_SUBJECT_TYPES = tuple(record_type for record_type in RECORD_TYPES if record_type not in {"risk", "source"})


@dataclass(frozen=True)
class SearchableClaim:
    """Claim with the stems of its words."""

    claim_id: str
    kind: str
    subject: tuple[str, str]
    stems: frozenset[str]


def find_claims(ctx: RequestContext, args: FindClaimsArguments) -> Json:
    """Find the claims that have every word of a query, those of the kinds that it names."""
    stems = list(stem_content_words(args.query))
    if not stems:
        raise invalid_argument("query", args.query, "must contain a word that is not a stop word")
    kinds = set(args.kinds)
    if not kinds:
        kinds, stems = _split_kinds(stems)
    subject = resolve_record(ctx, "record", _SUBJECT_TYPES, args.record) if args.record else None
    matches = [
        claim.claim_id
        for claim in ctx.cached("searchable claims", lambda: list(_iter_searchable_claims(ctx)))
        if (not kinds or claim.kind in kinds) and subject in {None, claim.subject} and claim.stems.issuperset(stems)
    ]
    begin = decode_offset(ctx, args) or 0
    end = begin + args.limit
    sources = CitedSources()
    claims = list_parsed_claims(ctx.transaction, matches[begin:end])

    def serialize(name: str, cited: CitedSources) -> Json:
        return {**cited.cite(claims[name]), "subject": claims[name]["subject"]}

    items = fill_page(sources, matches[begin:end], serialize)
    end = begin + len(items)
    output = {
        "items": items,
        "total": len(matches),
        "next": build_next_cursor(ctx, get_signature(args), end if end < len(matches) else None),
    }
    return build_output(ctx, sources, output)


def _split_kinds(stems: list[str]) -> tuple[set[str], list[str]]:
    """Kinds of claims that a query names, and its other words."""
    for length in (2, 1):
        named = {
            kind.name: name
            for kind in CLAIM_KINDS.values()
            for text in (kind.name, kind.block or "")
            if (name := stem_content_words(text.replace("_", " "))) and len(name) == length and set(name) <= set(stems)
        }
        if named:
            used = {stem for name in named.values() for stem in name}
            return set(named), [stem for stem in stems if stem not in used]
    return set(), stems


def _iter_searchable_claims(ctx: RequestContext) -> Iterator[SearchableClaim]:
    for document in iter_claims(ctx.transaction, tuple(CLAIM_KINDS)):
        claim = orjson.loads(document)
        value, subject = claim["value"], claim["subject"]
        topics = (vocabulary.CONTRAINDICATION_TOPICS.get(topic, topic) for topic in value.get("topics") or ())
        qualifiers = (text for text in claim["qualifiers"].values() if isinstance(text, str))
        texts = (claim["statement"], subject["name"], value.get("label"), *topics, *qualifiers)
        stems = frozenset(stem for text in texts if isinstance(text, str) for stem in stem_content_words(text))
        yield SearchableClaim(claim["id"], claim["kind"], (subject["type"], subject["slug"]), stems)


def list_options(ctx: RequestContext, args: OptionsArguments) -> Json:
    """List the options of a condition."""
    _, slug = resolve_record(ctx, "condition", ("condition",), args.condition)
    document = find_document(ctx.transaction, DocumentType.OPTIONS, slug)
    if document is None:
        raise NotFound(f"No options are stored for {slug!r}.")
    options, sources = orjson.loads(document), CitedSources()
    without = [
        claim for block in options["no_procedure"].values() if isinstance(block, dict) for claim in block["items"]
    ]
    by_structure = [
        row["procedure"]
        for structure in options["related_by_structure"]["items"]
        for block in ("reaches", "diagnoses")
        for row in structure[block]["items"]
    ]
    rows = {role: options[role]["items"] for role in ("treats", "diagnoses")}
    claim_ids = {claim_id for listed in rows.values() for row in listed for claim_id in list_harm_claims(row)}
    claims = list_parsed_claims(ctx.transaction, claim_ids)

    def serialize_option(row: Json, cited: CitedSources) -> Json:
        harms = [claims[claim_id] for claim_id in list_harm_claims(row)]
        return {
            "slug": row["procedure"]["slug"],
            "name": row["procedure"]["name"],
            "family": row["family"],
            "safety": list(iter_harm_lines(row, with_scopes=False)),
            "safety_sources": cited.add_harms(harms, _SOURCES_OF_OPTION),
            "claim": row["relation"]["claim"],
        }

    output: Json = {"condition": options["condition"], "when_to_call": list_call_signs(options)}
    # Care without a procedure leaves half of the answer to the procedures.
    parts: dict[str, tuple[list[Json], Callable[[Json, CitedSources], Json], int]] = {
        "without_procedure": (without, lambda claim, cited: cited.cite(claim, short=True), MAX_ANSWER // 2),
        "treats": (rows["treats"], serialize_option, 0),
        "diagnoses": (rows["diagnoses"], serialize_option, 0),
        "related_by_structure": (list({ref["slug"]: ref for ref in by_structure}.values()), lambda ref, _: ref, 0),
    }
    more = {}
    for name, (listed, serialize, reserved) in parts.items():
        output[name] = fill_page(sources, listed, serialize, used=measure(output) + reserved, at_least=0)
        more[name] = len(listed) - len(output[name])
    url = f"{ctx.settings.link_base}/v1/conditions/{slug}/options"
    return build_output(ctx, sources, {**output, "more": more, "url": url})


def list_disagreements(ctx: RequestContext, args: DisagreementsArguments) -> Json:
    """List the disagreements of sources, of one record or all."""
    subject = resolve_record(ctx, "record", TYPES_WITH_BLOCKS, args.record) if args.record else None
    document = orjson.loads(find_document(ctx.transaction, *DISAGREEMENTS) or b"{}")
    rows = [*document.get("contradictions", ()), *document.get("estimates", ())]
    rows = [row for row in rows if subject in {None, (row["record"]["type"], row["record"]["slug"])}]
    begin = decode_offset(ctx, args) or 0
    page = rows[begin : begin + args.limit]
    ids = [claim["id"] for row in page for position in row["positions"] for claim in position["claims"]]
    claims = list_parsed_claims(ctx.transaction, ids)

    def serialize(row: Json, cited: CitedSources) -> Json:
        return {
            "record": row["record"],
            "dimension": row["dimension"],
            "positions": [
                {
                    "position": position["position"],
                    "claims": [cited.cite(claims[claim["id"]], short=True) for claim in position["claims"]],
                }
                for position in row["positions"]
            ],
        }

    sources = CitedSources()
    items = fill_page(sources, page, serialize)
    end = begin + len(items)
    following = build_next_cursor(ctx, get_signature(args), end if end < len(rows) else None)
    return build_output(ctx, sources, {"items": items, "total": len(rows), "next": following})


def lookup_code(ctx: RequestContext, args: LookupCodeArguments) -> Json:
    """Look up codes: the records that each leads to, with the relation of the code to them."""
    code_map = get_code_map(ctx)
    items = []
    for code in parse_codes(code_map, args.code, args.system or None):
        records = code_map.list_records(code)
        items.append(
            {
                **describe_code(code_map, code, has_records=bool(records)),
                "status": get_status(records),
                "records": [
                    {
                        **build_ref(ctx, record.record_type, record.slug),
                        "relation": record.relation,
                        "origin": record.origin,
                        "path": list(record.path),
                    }
                    for record in records
                ],
            }
        )
    return build_output(ctx, CitedSources(), {"items": items})
