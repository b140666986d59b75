"""Code systems of other organizations: names, identifiers and forms of codes. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True, eq=False)
class CodeSystem:
    """Code system whose codes lead to records. There is one object of each: the hash of every field would cost a lookup more than its codes."""

    # Its name in this API, and the name of its seed file.
    name: str
    title: str
    # Identifier in FHIR, and the OID that HL7 messages use; empty: none.
    uri: str
    oid: str
    # Form of a code, without regard to case.
    pattern: str
    example: str
    # Types of records that its codes may stand for.
    record_types: tuple[str, ...]
    # Whether the content may hold its codes: licenses of some systems leave that to the operator.
    is_free: bool = True


_ROWS: Final = (
    CodeSystem(
        "icd-10-cm",
        "ICD-10-CM",
        "http://hl7.org/fhir/sid/icd-10-cm",
        "2.16.840.1.113883.6.90",
        r"[A-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?",
        "M54.16",
        ("condition",),
    ),
    CodeSystem(
        "icd-10-pcs",
        "ICD-10-PCS",
        "http://www.cms.gov/Medicare/Coding/ICD10",
        "2.16.840.1.113883.6.4",
        r"[0-9A-HJ-NP-Z]{3,7}",
        "01HY3MZ",
        ("procedure",),
    ),
    CodeSystem(
        "mesh",
        "MeSH",
        "https://www.nlm.nih.gov/mesh",
        "2.16.840.1.113883.6.177",
        r"D\d{6}(?:\d{3})?",
        "D010147",
        ("procedure", "condition", "pain_generator"),
    ),
    CodeSystem(
        "nice",
        "NICE guidance",
        "https://www.nice.org.uk/guidance",
        "",
        r"(?:TA|NG|CG|IPG|MTG|HTG|DG|QS|MIB|HST|PH|ES|SG|SC)\d{1,4}",
        "TA279",
        ("source", "procedure", "condition", "pain_generator"),
    ),
    CodeSystem("fma", "FMA", "http://purl.org/sig/ont/fma", "", r"(?:FMA:?)?\d{1,6}", "FMA:24974", ("pain_generator",)),
    CodeSystem(
        "uberon",
        "Uberon",
        "http://purl.obolibrary.org/obo/uberon.owl",
        "",
        r"UBERON:\d{7}",
        "UBERON:0001465",
        ("pain_generator",),
    ),
    CodeSystem(
        "cpt",
        "CPT",
        "http://www.ama-assn.org/go/cpt",
        "2.16.840.1.113883.6.12",
        r"\d{4}[0-9A-Z]",
        "00000",
        ("procedure",),
        is_free=False,
    ),
    CodeSystem(
        "hcpcs",
        "HCPCS Level II",
        "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
        "2.16.840.1.113883.6.285",
        r"[A-V]\d{4}",
        "A0000",
        ("procedure",),
        is_free=False,
    ),
    CodeSystem(
        "snomed-ct",
        "SNOMED CT",
        "http://snomed.info/sct",
        "2.16.840.1.113883.6.96",
        r"\d{6,18}",
        "000000",
        ("procedure", "condition", "pain_generator"),
        is_free=False,
    ),
)
CODE_SYSTEMS: Final[Mapping[str, CodeSystem]] = MappingProxyType({row.name: row for row in _ROWS})
# Relation of a code to a record.
CODE_RELATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "exact": "The code means the record",
        "narrower": "The code is narrower than the record",
        "broader": "The code is broader than the record",
        "related": "The code is related to the record",
    }
)
# Who says that a code leads to a record.
CODE_ORIGINS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "content": "The content says that the code leads to the record",
        "operator": "The operator of this service says that the code leads to the record",
    }
)
# What the code lookup knows of a code.
CODE_STATUSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "known": "The code leads to a record",
        "related": "The code leads to related records only",
        "unknown": "The code leads to no record",
    }
)


def find_code_system(text: str) -> CodeSystem | None:
    """Code system with this name, title, OID or URI; None if there is none."""
    wanted = text.strip().casefold().removeprefix("urn:oid:")
    for row in _ROWS:
        if wanted and wanted in {row.name, row.title.casefold(), row.uri.casefold(), row.oid}:
            return row
    return None


def parse_code(system: CodeSystem, text: str) -> str | None:
    """Code in the spelling of its system (`m5416` is M54.16); None if the text has not the form of a code."""
    code = text.strip().upper()
    if not re.fullmatch(system.pattern, code):
        return None
    if system.name == "icd-10-cm" and len(code) > 3 and "." not in code:
        return f"{code[:3]}.{code[3:]}"
    if system.name == "fma":
        return f"FMA:{code.removeprefix('FMA').removeprefix(':')}"
    return code
