"""Codes of other organizations in requests: what a code leads to, and what is near a code without a record."""

import logging
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import orjson

from app.domain.code_systems import CODE_SYSTEMS, CodeSystem, find_code_system, parse_code
from app.domain.code_table import MAX_LENGTH, find_parent, find_title, has_narrower_codes, is_valid_code
from app.domain.documents import CODE_MAP
from app.domain.json import Json
from app.domain.operator_codes import OperatorCode
from app.http.context import RequestContext
from app.queries.documents import find_document
from app.queries.name_resolution import list_slugs
from app.search.stemming import SPINAL_LEVEL

# How a code that inherits its records from a code above it relates to them.
_INHERITED_RELATIONS: dict[str, str] = {
    "exact": "narrower",
    "narrower": "narrower",
    "broader": "related",
    "related": "related",
}
# The seventh character says which encounter it is: the diagnosis is that of the code above.
_ENCOUNTER_RELATIONS: Mapping[str, str] = _INHERITED_RELATIONS | {"broader": "broader"}
_log = logging.getLogger("procedure_kb.codes")
# Relations by which a code means its record.
_MEANING_RELATIONS = frozenset({"exact", "narrower"})
_RELATION_RANK = {"exact": 0, "narrower": 1, "broader": 2, "related": 3}


class UnknownCode(ValueError):
    """The text is not a code, or names no code system. The message says what is expected."""


@dataclass(frozen=True)
class CodedRecord:
    """Record that a code leads to: the relation of the code to it, and the codes on the way."""

    record_type: str
    slug: str
    relation: str
    path: tuple[str, ...]
    # Who says so: the content, or the operator of this service.
    origin: str = "content"


@dataclass(frozen=True)
class Code:
    """Valid code of a system."""

    system: CodeSystem
    code: str


class CodeMap:
    """Codes of one release with the records that they lead to."""

    def __init__(self, document: Json, operator_codes: Iterable[OperatorCode] = ()) -> None:
        self.notice: Json = document["notice"]
        self._systems: dict[str, Json] = document["systems"]
        for row in operator_codes:
            codes = self._systems.setdefault(row.system.name, {"version": None, "codes": {}})["codes"]
            entry = codes.setdefault(row.code, _describe_unlisted(row.system, row.code))
            entry["records"].append([row.record_type, row.slug, row.relation, "operator"])
        self._icd_codes = sorted(self._systems.get("icd-10-cm", {"codes": ()})["codes"])

    def find_version(self, system: CodeSystem) -> str | None:
        """Date or year of the table of a system."""
        version: str | None = self._systems.get(system.name, {}).get("version")
        return version

    def find_entry(self, system: CodeSystem, code: str) -> Json | None:
        """Title, billable flag, successors and records of a code that is mapped."""
        return self._list_codes(system).get(code)

    def describe(self, code: Code) -> Json:
        """Title, billable flag, successors and records of a code, mapped or not."""
        return self.find_entry(code.system, code.code) or _describe_unlisted(code.system, code.code)

    def parse(self, text: str, default: CodeSystem | None = None) -> Code:
        """Code in a text: `SYSTEM|CODE`, or a code whose system is given or can be inferred. Raises UnknownCode."""
        named, separator, code_text = text.rpartition("|")
        system = find_code_system(named) if separator else default
        if separator and system is None:
            raise UnknownCode(f"unknown code system {named[:80]!r}; known: {', '.join(CODE_SYSTEMS)}")
        for candidate in (system,) if system else CODE_SYSTEMS.values():
            code = parse_code(candidate, code_text)
            if code is not None and self._is_valid(candidate, code, certain=system is not None):
                return Code(candidate, code)
        if system is not None:
            has_syntax = parse_code(system, code_text) is not None
            version = self.find_version(system)
            expected = (
                f"not in the table of {version}" if has_syntax and version else f"codes look like {system.example}"
            )
            raise UnknownCode(f"not a code of {system.title}: {expected}")
        raise UnknownCode("not a code of a known system; write SYSTEM|CODE, such as icd-10-cm|M54.16")

    def _is_valid(self, system: CodeSystem, code: str, *, certain: bool) -> bool:
        if self.find_entry(system, code) is not None:
            return True
        # Other systems are known by the form of their codes alone, which is enough where the caller names the system.
        return is_valid_code(code) if system.name == "icd-10-cm" else certain

    def list_records(self, code: Code) -> list[CodedRecord]:
        """Records that a code leads to: its own, those of a code above that includes it, those of the codes below it."""
        found: dict[tuple[str, str], CodedRecord] = {}
        for record in self._iter_records(code):
            found.setdefault((record.record_type, record.slug), record)
        return sorted(
            found.values(), key=lambda record: (_RELATION_RANK[record.relation], record.record_type, record.slug)
        )

    def _iter_records(self, code: Code) -> Iterator[CodedRecord]:
        entry = self.find_entry(code.system, code.code)
        listed = entry["records"] if entry else []
        own = [
            CodedRecord(record_type, slug, relation, (code.code,), *origin)
            for record_type, slug, relation, *origin in listed
        ]
        yield from own
        # What the operator adds hides nothing of the content.
        if all(record.relation == "related" for record in own if record.origin == "content"):
            yield from self._iter_inherited(code)
        for successor in entry["replaced_by"] if entry else ():
            for record in self.list_records(Code(code.system, successor)):
                yield replace(record, relation="related", path=(code.code, *record.path))
        if code.system.name == "icd-10-cm":
            yield from self._iter_below(code)

    def _iter_inherited(self, code: Code) -> Iterator[CodedRecord]:
        for length in range(len(code.code) - 1, 2, -1):
            above = code.code[:length]
            entry = self.find_entry(code.system, above)
            if entry and entry["subtree"] and entry["records"]:
                relations = (
                    _ENCOUNTER_RELATIONS if len(code.code) == MAX_LENGTH == len(above) + 1 else _INHERITED_RELATIONS
                )
                for record_type, slug, relation, *origin in entry["records"]:
                    yield CodedRecord(record_type, slug, relations[relation], (code.code, above), *origin)
                return

    def _iter_below(self, code: Code) -> Iterator[CodedRecord]:
        for below in self._list_icd_codes(code.code):
            for record_type, slug, relation, *origin in self._list_codes(code.system)[below]["records"]:
                if below != code.code and relation in _MEANING_RELATIONS:
                    yield CodedRecord(record_type, slug, "broader", (code.code, below), *origin)

    def _list_icd_codes(self, prefix: str) -> list[str]:
        # Letters and digits sort before the tilde.
        first, last = (bisect_left(self._icd_codes, bound) for bound in (prefix, f"{prefix}~"))
        return self._icd_codes[first:last]

    def list_records_by_prefix(self, prefix: str) -> list[CodedRecord]:
        """Records of the codes that begin with a prefix, each once, in the order of the systems and their codes."""
        typed = _fold(prefix)
        found: dict[tuple[str, str], CodedRecord] = {}
        for system in CODE_SYSTEMS.values():
            folded, codes = self._folded_codes[system.name], self._list_codes(system)
            first, last = (bisect_left(folded, (bound,)) for bound in (typed, f"{typed}~"))
            for _, code in folded[first:last]:
                for record_type, slug, relation, *origin in codes[code]["records"]:
                    if relation in _MEANING_RELATIONS:
                        record = CodedRecord(record_type, slug, "broader", (prefix, code), *origin)
                        found.setdefault((record_type, slug), record)
        return list(found.values())

    @cached_property
    def _folded_codes(self) -> Mapping[str, list[tuple[str, str]]]:
        """System -> its codes as they are compared with what is typed, each with the code as it is written, in order."""
        return {
            name: sorted((_fold(code), code) for code in self._list_codes(system))
            for name, system in CODE_SYSTEMS.items()
        }

    def _list_codes(self, system: CodeSystem) -> dict[str, Json]:
        codes: dict[str, Json] = self._systems.get(system.name, {}).get("codes", {})
        return codes

    def list_mapped(self, system: CodeSystem) -> list[tuple[str, str | None, str, str, str]]:
        """(code, title, record type, slug, relation) of the codes of a system with each record stated for them."""
        return [
            (code, entry["title"], record_type, slug, relation)
            for code, entry in self._list_codes(system).items()
            for record_type, slug, relation, *_ in entry["records"]
        ]

    @cached_property
    def _exact_codes(self) -> Mapping[tuple[str, str], list[tuple[str, str, str | None]]]:
        codes: dict[tuple[str, str], list[tuple[str, str, str | None]]] = defaultdict(list)
        for system in CODE_SYSTEMS.values():
            for code, title, record_type, slug, relation in self.list_mapped(system):
                if relation == "exact":
                    codes[record_type, slug].append((system.uri, code, title))
        return codes

    def list_exact_codes(self, record_type: str, slug: str) -> list[tuple[str, str, str | None]]:
        """(URI of the system, code, title) of the codes that mean a record."""
        return self._exact_codes.get((record_type, slug), [])

    def is_exact(self, record: CodedRecord) -> bool:
        """Whether the code that the path to a record ends with means exactly it."""
        codes = self.list_exact_codes(record.record_type, record.slug)
        return any(code == record.path[-1] for _, code, _ in codes)

    def find_parent(self, code: Code) -> str | None:
        """Code above a code of ICD-10-CM; None elsewhere and for a category."""
        return find_parent(code.code) if code.system.name == "icd-10-cm" else None

    def list_nearest(self, code: Code) -> list[str]:
        """At most five codes with records that share the longest beginning with a code of ICD-10-CM."""
        if code.system.name != "icd-10-cm":
            return []
        codes = self._list_codes(code.system)
        for length in range(len(code.code) - 1, 2, -1):
            near = [other for other in self._list_icd_codes(code.code[:length].rstrip(".")) if codes[other]["records"]]
            if near:
                return near[:5]
        return []


def _describe_unlisted(system: CodeSystem, code: str) -> Json:
    title = find_title(code) if system.name == "icd-10-cm" else None
    billable = None if title is None else not has_narrower_codes(code)
    return {"title": title, "billable": billable, "subtree": False, "replaced_by": [], "records": []}


def _fold(code: str) -> str:
    return code.upper().replace(".", "")


def get_code_map(ctx: RequestContext) -> CodeMap:
    """Code map of the release that a request reads."""
    return ctx.cached("code map", lambda: _read_code_map(ctx))


def get_content_code_map(ctx: RequestContext) -> CodeMap:
    """Code map without the codes of the operator, for formats that cannot say whose a code is."""
    if not ctx.settings.operator_codes:
        return get_code_map(ctx)
    return ctx.cached("content code map", lambda: CodeMap(_read_document(ctx)))


def _read_code_map(ctx: RequestContext) -> CodeMap:
    return CodeMap(_read_document(ctx), _iter_operator_codes(ctx))


def _read_document(ctx: RequestContext) -> Json:
    document = find_document(ctx.transaction, *CODE_MAP)
    # A database that an earlier version of the code loaded has none.
    return orjson.loads(bytes(document)) if document else {"notice": None, "systems": {}}


def _iter_operator_codes(ctx: RequestContext) -> Iterator[OperatorCode]:
    """Rows of the operator's map whose record this release has."""
    rows = ctx.settings.operator_codes
    known = {record_type: list_slugs(ctx.transaction, record_type) for record_type in {row.record_type for row in rows}}
    for row in rows:
        if row.slug in known[row.record_type]:
            yield row
        else:
            # Start and `check` refuse it: this release came later.
            _log.warning("code map, line %d: release %s has no %s", row.line, ctx.release.version, row.slug)


# What people write before a code.
_CODE_PREFIX = re.compile(
    r"^(?:(?:icd(?:[ -]?10)?(?:[ -]?(?:cm|pcs))?|mesh|nice|cpt|hcpcs|snomed(?:[ -]?ct)?|diagnosis|codes?)\b[ :#-]*)+",
    re.IGNORECASE,
)
# A letter and a digit: a single character begins too many codes to mean one.
_MIN_PREFIX = 2


def list_records_of_code(ctx: RequestContext, text: str) -> list[CodedRecord]:
    """Records that a text leads to if it is a code and nothing else; a spinal level such as T12 is none."""
    code_text = _read_code_text(text)
    return _list_records(ctx, code_text) if code_text else []


def list_records_by_code_prefix(ctx: RequestContext, text: str) -> list[CodedRecord]:
    """Records that a text leads to if it is a code, or else the beginning of codes of the content (`M54`, `IPG5`)."""
    code_text = _read_code_text(text)
    if not code_text or len(code_text) < _MIN_PREFIX:
        return []
    return _list_records(ctx, code_text) or get_code_map(ctx).list_records_by_prefix(code_text)


def _read_code_text(text: str) -> str:
    """What of a text may be a code, without the name of its system; empty: nothing, such as a spinal level."""
    code_text = text.strip()
    if "|" not in code_text:
        code_text = _CODE_PREFIX.sub("", code_text).strip()
    is_code = any(letter.isdigit() for letter in code_text) and not SPINAL_LEVEL.fullmatch(code_text.lower())
    return code_text if is_code else ""


def _list_records(ctx: RequestContext, code_text: str) -> list[CodedRecord]:
    code_map = get_code_map(ctx)
    try:
        return code_map.list_records(code_map.parse(code_text))
    except UnknownCode:
        return []


def list_coded_slugs(ctx: RequestContext, record_type: str, text: str) -> tuple[str | None, list[str]]:
    """Slug that a code in place of a name means, and every slug that it leads to.

    It means the single exact record, else the single one that it is narrower than, else none: a code that is broader than
    a record or merely related does not say that the record is meant.
    """
    records = [record for record in _list_records(ctx, text) if record.record_type == record_type]
    slugs = [record.slug for record in records]
    exact, narrower = ([record for record in records if record.relation == name] for name in ("exact", "narrower"))
    # A code below the exact code of a record means that record, whatever broader ones the code above lies in.
    is_exact = get_code_map(ctx).is_exact
    matches = exact or [record for record in narrower if is_exact(record)] or narrower
    return (matches[0].slug if len(matches) == 1 else None), slugs
