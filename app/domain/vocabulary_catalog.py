"""Catalog of the closed lists of the API, for callers that build forms or show labels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from app.domain import vocabulary
from app.domain.claim_kinds import CLAIM_KIND_LABELS
from app.domain.code_systems import CODE_ORIGINS, CODE_RELATIONS, CODE_STATUSES, CODE_SYSTEMS
from app.domain.record_types import RECORD_TYPES


@dataclass(frozen=True)
class Vocabulary:
    """Closed list of values in their order, each with its label; some values have a description."""

    name: str
    label: str
    labels: Mapping[str, str]
    descriptions: Mapping[str, str] = field(default_factory=dict)


_NAME_KINDS: Final = {"preferred": "Preferred name", **vocabulary.NAME_KINDS}
_MATCH_KINDS: Final = {
    **_NAME_KINDS,
    "patient_phrase": "Words of patients",
    "text": "Text",
    "code": "Code",
    "operator_code": "Code of the operator",
}

VOCABULARIES: Final = (
    Vocabulary(
        "record_type",
        "Type of record",
        {name: row.label.capitalize() for name, row in RECORD_TYPES.items()},
    ),
    Vocabulary("claim_kind", "Kind of claim", CLAIM_KIND_LABELS),
    Vocabulary("family", "Family of procedures", vocabulary.PROCEDURE_FAMILIES),
    Vocabulary("intent", "Purpose of a procedure", vocabulary.INTENTS),
    Vocabulary(
        "role",
        "What a procedure does there",
        {**vocabulary.TARGET_ROLES, "has_risk": "Has the risk"},
        {
            "diagnoses": "The procedure tests whether the pain comes from there.",
            "treats": "The procedure treats it.",
            "has_risk": "The risk is reported for the procedure.",
        },
    ),
    Vocabulary("body_region", "Body region", vocabulary.BODY_REGIONS),
    Vocabulary("generator_kind", "Kind of structure", vocabulary.GENERATOR_KINDS),
    Vocabulary("guidance", "Guidance of the needle", vocabulary.GUIDANCE),
    Vocabulary("anesthesia", "Anesthesia", vocabulary.ANESTHESIA),
    Vocabulary("setting", "Setting", vocabulary.SETTINGS),
    Vocabulary("related_procedure_type", "Relation between procedures", vocabulary.PROCEDURE_RELATIONS),
    Vocabulary("risk_category", "Category of a risk", vocabulary.RISK_CATEGORIES),
    Vocabulary("risk_state", "What is known of a risk", vocabulary.RISK_STATES),
    Vocabulary("seriousness", "Seriousness of a risk", vocabulary.SERIOUSNESS),
    Vocabulary("risk_denominator", "What rates of a risk count", vocabulary.RISK_DENOMINATORS),
    Vocabulary("risk_attribution", "Cause of the events counted", vocabulary.RISK_ATTRIBUTIONS),
    Vocabulary("contraindication_topic", "Topic of a contraindication", vocabulary.CONTRAINDICATION_TOPICS),
    Vocabulary("contraindication_strength", "Strength of a contraindication", vocabulary.CONTRAINDICATION_STRENGTHS),
    Vocabulary("bleeding_risk", "Class of bleeding risk", vocabulary.BLEEDING_RISK_CLASSES),
    Vocabulary("implant_position", "Position on an implant or device", vocabulary.IMPLANT_POSITIONS),
    Vocabulary("practice_topic", "Topic of a practical fact", vocabulary.PRACTICE_TOPICS),
    Vocabulary("call_tier", "How soon to get help", vocabulary.CALL_TIERS, vocabulary.CALL_ACTIONS),
    Vocabulary("call_origin", "Why a record lists a sign", vocabulary.CALL_ORIGINS),
    Vocabulary(
        "certainty", "Certainty of the evidence that a review or guideline states", vocabulary.CERTAINTY_RATINGS
    ),
    Vocabulary("code_system", "Code system", {row.name: row.title for row in CODE_SYSTEMS.values()}),
    Vocabulary("code_relation", "Relation of a code to a record", CODE_RELATIONS),
    Vocabulary("code_origin", "Who maps a code to a record", CODE_ORIGINS),
    Vocabulary("code_status", "What a code leads to", CODE_STATUSES),
    Vocabulary("frequency_band", "Frequency band of a risk", vocabulary.RISK_BANDS),
    Vocabulary(
        "frequency_band_origin",
        "Origin of a frequency band",
        {"source": "Stated by the source", "computed": "Computed from the figures"},
    ),
    Vocabulary("measure", "Measure of relief", vocabulary.MEASURES),
    Vocabulary("relief_coverage", "What an estimate of relief is about", vocabulary.RELIEF_COVERAGE),
    Vocabulary("definition", "Definition of relief", {"defined": "Defined", "not defined": "Not defined"}),
    Vocabulary("statistic", "Statistic of an estimate", vocabulary.STATISTICS),
    Vocabulary("magnitude", "Order of magnitude of a duration", vocabulary.MAGNITUDES),
    Vocabulary(
        "duration_unit",
        "Unit of a duration",
        {
            "year": "Years",
            "month": "Months",
            "week": "Weeks",
            "day": "Days",
            "hour": "Hours",
            "minute": "Minutes",
            "second": "Seconds",
        },
    ),
    Vocabulary("unit", "Unit of a quantity", {unit: unit for unit in sorted(vocabulary.UNITS)}),
    Vocabulary("direction", "Direction of a finding", vocabulary.DIRECTIONS),
    Vocabulary("position", "Position of a recommendation", vocabulary.POSITIONS),
    Vocabulary("relief_position", "Side of a disagreement on relief", vocabulary.RELIEF_POSITIONS),
    Vocabulary("support", "Support of a claim by its source", vocabulary.SUPPORTS),
    Vocabulary("design", "Kind of source", vocabulary.DESIGNS),
    Vocabulary("source_standing", "Standing of a source", vocabulary.SOURCE_STANDINGS),
    Vocabulary(
        "block_status",
        "Status of a block or of the list of a record",
        vocabulary.BLOCK_STATUSES,
        vocabulary.BLOCK_STATUS_MEANINGS,
    ),
    Vocabulary("review_status", "Review of a record", vocabulary.REVIEW_STATUSES),
    Vocabulary("name_kind", "Kind of name", _NAME_KINDS),
    Vocabulary("match_kind", "Kind of name or text that matched a query", _MATCH_KINDS),
    Vocabulary(
        "matched_field",
        "Field that matched a query",
        {"names": "Names", "summary": "Summary", "claims": "Claims", "codes": "Codes"},
    ),
    Vocabulary(
        "highlighted_field",
        "Field with highlights",
        {"name": "Name", "summary": "Summary", "matched": "Text that matched"},
    ),
    Vocabulary("change", "Change of a release", {"added": "Added", "changed": "Changed", "removed": "Removed"}),
)
