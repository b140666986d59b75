"""Record types: one row for each, from which folders, paths, labels, texts and FHIR names are derived."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class RecordType:
    """Type of records: how files, URLs, messages, pages and FHIR name it."""

    # Value of `type` in the API.
    name: str
    # Folder of its seed files, or stem of the one seed file; with hyphens, its path below / and /v1/.
    folder: str
    # Singular and plural on pages.
    page_label: str
    page_plural: str
    # FHIR resource type, and prefix of ids where record types share it; empty: the record is no resource.
    fhir_resource: str = ""
    fhir_id_prefix: str = ""
    # Title of its FHIR code system; empty: its slugs are no codes.
    fhir_title: str = ""
    # Fields of a record that are neither prose nor claims, in API order.
    facts: tuple[str, ...] = ()
    # Name of each text -> part of the page (id in its template) that shows it. Empty: the type has no texts.
    texts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    # Whether its claims are on an evidence page, apart from its page for patients.
    has_evidence_page: bool = False

    @property
    def path(self) -> str:
        """Segment of its URLs."""
        return self.folder.replace("_", "-")

    @property
    def label(self) -> str:
        """Name in messages."""
        return self.name.replace("_", " ")

    @property
    def fhir_system(self) -> str:
        """Name of its FHIR code system and identifier system."""
        plural = f"{self.name[:-1]}ies" if self.name.endswith("y") else f"{self.name}s"
        return plural.replace("_", "-")


_ROWS: Final = (
    RecordType(
        "procedure",
        "procedures",
        "procedure",
        "procedures",
        fhir_resource="ActivityDefinition",
        fhir_title="Procedures of interventional pain management",
        facts=("patient_name", "family", "intents", "implant"),
        texts={
            "summary": "what",
            "clinical": "clinicians",
            "what_happens": "day",
            "preparation": "before",
            "afterwards": "afterwards",
            "questions": "questions",
        },
        has_evidence_page=True,
    ),
    RecordType(
        "condition",
        "conditions",
        "condition",
        "conditions",
        fhir_resource="EvidenceVariable",
        fhir_id_prefix="condition-",
        fhir_title="Painful conditions",
        facts=("patient_name", "stub"),
        texts={"summary": "what", "clinical": "clinicians"},
        has_evidence_page=True,
    ),
    RecordType(
        "pain_generator",
        "pain_generators",
        "pain generator",
        "pain generators",
        fhir_resource="EvidenceVariable",
        fhir_id_prefix="pain-generator-",
        fhir_title="Pain generators",
        facts=("patient_name", "kind"),
        texts={"summary": "what", "clinical": "clinicians"},
    ),
    RecordType(
        "risk",
        "risks",
        "harm",
        "harms",
        fhir_title="Risks of procedures",
        facts=("lay_name", "category", "seriousness", "seriousness_reason"),
    ),
    RecordType(
        "source",
        "sources",
        "source",
        "sources",
        fhir_resource="Citation",
        facts=(
            "design",
            "year",
            "year_reason",
            "commercial",
            "funding",
            "standing",
            "standing_date",
            "replaced_by",
            "publisher",
            "authors",
            "number",
            "url",
            "doi",
            "pmid",
            "pmcid",
            "note",
        ),
    ),
    RecordType("guide_page", "guide", "guide", "guide"),
    RecordType("emergency", "emergencies", "emergency", "emergencies", facts=("lay_name", "tier")),
)
RECORD_TYPES: Final[Mapping[str, RecordType]] = MappingProxyType({row.name: row for row in _ROWS})
# Fields of a source that hold its number in a public register -> name and web address of the register.
SOURCE_IDENTIFIERS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "doi": ("DOI", "https://doi.org/"),
        "pmid": ("PubMed", "https://pubmed.ncbi.nlm.nih.gov/"),
        "pmcid": ("PubMed Central", "https://pmc.ncbi.nlm.nih.gov/articles/"),
    }
)
# Record types whose claims are in blocks, and whose pages show them in sections.
TYPES_WITH_BLOCKS: Final = tuple(row.name for row in _ROWS if row.texts)
# Record types that a clinician reviews: a source is another's work.
REVIEWED_TYPES: Final = tuple(row.name for row in _ROWS if row.name != "source")
RECORD_TYPE_BY_PATH: Final[Mapping[str, str]] = MappingProxyType({row.path: row.name for row in _ROWS})
PATH_BY_RECORD_TYPE: Final[Mapping[str, str]] = MappingProxyType({row.name: row.path for row in _ROWS})


def get_evidence_path(record_type: str, slug: str) -> str:
    """URL path of the page that shows the claims of a record: its evidence page, or its only page."""
    row = RECORD_TYPES[record_type]
    return f"/{row.path}/{slug}/evidence" if row.has_evidence_page else f"/{row.path}/{slug}"


def list_source_links(source: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Register, identifier and URL for each identifier of a source, as JSON."""
    return [
        (register, identifier, base + quote(identifier, safe="/:;()"))
        for field_name, (register, base) in SOURCE_IDENTIFIERS.items()
        if (identifier := source[field_name])
    ]


def get_label(record_type: str) -> str:
    """Name of a record type in messages. The seed has further types, such as `withdrawn`."""
    return RECORD_TYPES[record_type].label if record_type in RECORD_TYPES else record_type.replace("_", " ")
