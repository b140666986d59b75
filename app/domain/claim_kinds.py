"""Claim kinds: one row for each, from which blocks, checks, page sections, response models and FHIR maps are derived.

The rows are in reading order: details, pages and outputs list blocks in this order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from app.domain import values, vocabulary
from app.domain.record_types import TYPES_WITH_BLOCKS


@dataclass(frozen=True, slots=True)
class PageSection:
    """Place of a claim kind on the page of a record type."""

    heading: str
    # Part of the page (id in its template) that the section is in; empty: a part of its own.
    part: str = ""
    # Statements before the fold.
    limit: int = 3
    # Whether the page says that nothing is known; else an unknown block is left out.
    says_unknown: bool = False
    # The template of the page shows the block itself, in a form of its own.
    in_template: bool = False


@dataclass(frozen=True, slots=True)
class ClaimKind:
    """Kind of claims: its value, the record types that may have it, and where they show it."""

    # Value of `kind` in the API.
    name: str
    label: str
    # Key of its claims in details. Empty: only guide pages have it, and they list all their claims.
    block: str
    # Record type -> place on its page. Other record types may not have such claims.
    sections: Mapping[str, PageSection] = field(default_factory=lambda: MappingProxyType({}))
    value_model: type[values.Value] = values.StatementValue
    # Vocabulary of `values` in a statement: lists of procedures filter by it.
    vocabulary: Mapping[str, str] | None = None
    on_guide_pages: bool = True
    on_emergencies: bool = False
    # Type of the ClinicalUseDefinition in FHIR; empty: the claim is an Evidence.
    fhir_use_type: str = ""

    @property
    def record_types(self) -> tuple[str, ...]:
        """Record types that may have such claims."""
        return (
            *self.sections,
            *(("guide_page",) if self.on_guide_pages else ()),
            *(("emergency",) if self.on_emergencies else ()),
        )


def _in_part(part: str, heading: str, *, limit: int = 3, says_unknown: bool = True) -> PageSection:
    return PageSection(heading, part, limit, says_unknown)


def _in_template(part: str, heading: str) -> PageSection:
    return PageSection(heading, part, in_template=True)


# Kinds that a record shows for its narrower records too: a broad name is never safer than what it covers.
SAFETY_KINDS: Final = ("procedure_risk", "contraindication", "safety_warning", "recommendation", "when_to_call")

_ROWS: Final = (
    ClaimKind(
        "definition",
        "Definition",
        "definitions",
        {
            "condition": _in_part("what", "In the words of sources"),
            "pain_generator": _in_part("what", "In the words of sources", says_unknown=False),
        },
    ),
    ClaimKind(
        "target",
        "Target",
        "targets",
        {"procedure": _in_part("what", "Where the pain comes from")},
        values.TargetValue,
        on_guide_pages=False,
    ),
    ClaimKind(
        "indication",
        "Indication",
        "indications",
        {"procedure": _in_part("what", "What it is used for")},
        values.IndicationValue,
        on_guide_pages=False,
        fhir_use_type="indication",
    ),
    ClaimKind("symptom", "Symptom", "symptoms", {"condition": PageSection("Symptoms", limit=4)}),
    ClaimKind(
        "red_flag",
        "Red flag",
        "red_flags",
        {"condition": _in_template("urgent", "Signs that need help")},
        on_emergencies=True,
    ),
    ClaimKind(
        "arises_from",
        "Arises from",
        "arises_from",
        {
            "condition": PageSection("Where the pain comes from", limit=4),
            "pain_generator": PageSection("What makes it hurt", limit=4),
        },
    ),
    ClaimKind("causes", "Causes", "causes", {"condition": PageSection("What it can cause", limit=4)}),
    ClaimKind(
        "share_of_pain", "Share of pain", "shares_of_pain", {"pain_generator": PageSection("Share of pain", limit=4)}
    ),
    ClaimKind(
        "referral_pattern",
        "Referral pattern",
        "referral_patterns",
        {"pain_generator": PageSection("Where pain is felt", limit=4)},
    ),
    ClaimKind(
        "prerequisite",
        "Prerequisite",
        "prerequisites",
        {
            "procedure": _in_part("before", "What comes first", limit=2),
            "condition": PageSection("What comes before a procedure", limit=4),
        },
    ),
    ClaimKind(
        "contraindication",
        "Contraindication",
        "contraindications",
        {"procedure": _in_part("before", "When it is not done, or with care", limit=4)},
        values.ContraindicationValue,
        fhir_use_type="contraindication",
    ),
    ClaimKind(
        "safety_warning",
        "Safety warning",
        "safety_warnings",
        {
            "procedure": _in_part("harms", "Warnings of regulators", limit=4, says_unknown=False),
            "condition": PageSection("Warnings of regulators", limit=4),
        },
        values.SafetyWarningValue,
        on_guide_pages=False,
    ),
    ClaimKind(
        "bleeding_risk",
        "Bleeding risk",
        "bleeding_risks",
        {"procedure": _in_part("before", "Class of bleeding risk", limit=2)},
        values.BleedingRiskValue,
        on_guide_pages=False,
    ),
    ClaimKind(
        "implant_compatibility",
        "Implants and devices",
        "implant_compatibility",
        {"procedure": _in_part("before", "Implants and devices", limit=4, says_unknown=False)},
        values.ImplantCompatibilityValue,
        on_guide_pages=False,
    ),
    ClaimKind(
        "practice",
        "Practice",
        "practice",
        {"procedure": _in_part("before", "What else to know before", limit=4, says_unknown=False)},
        values.PracticeValue,
        on_guide_pages=False,
    ),
    ClaimKind(
        "procedure_time",
        "Procedure time",
        "procedure_times",
        {"procedure": _in_part("day", "How long it takes", limit=2)},
    ),
    ClaimKind(
        "anesthesia",
        "Anesthesia",
        "anesthesia",
        {"procedure": _in_part("day", "Numbing and sedation", limit=2)},
        vocabulary=vocabulary.ANESTHESIA,
    ),
    ClaimKind(
        "guidance",
        "Guidance",
        "guidance",
        {"procedure": _in_part("day", "How the needle is guided", limit=2)},
        vocabulary=vocabulary.GUIDANCE,
    ),
    ClaimKind(
        "setting",
        "Setting",
        "settings",
        {"procedure": _in_part("day", "Where it is done", limit=2)},
        vocabulary=vocabulary.SETTINGS,
    ),
    ClaimKind(
        "relief_duration",
        "Relief duration",
        "relief_durations",
        {"procedure": _in_template("benefit", "How long relief lasts")},
        values.ReliefDurationValue,
        on_guide_pages=False,
    ),
    ClaimKind(
        "onset",
        "Onset",
        "onsets",
        {"procedure": _in_part("benefit", "How soon it begins", limit=2, says_unknown=False)},
        values.OnsetValue,
        on_guide_pages=False,
    ),
    ClaimKind(
        "response_rate",
        "Response rate",
        "response_rates",
        {"procedure": _in_template("benefit", "How many people respond")},
        values.ResponseRateValue,
        on_guide_pages=False,
    ),
    ClaimKind(
        "procedure_risk",
        "Risk",
        "risks",
        {"procedure": _in_template("harms", "What sources say on harms")},
        values.ProcedureRiskValue,
        on_guide_pages=False,
        fhir_use_type="undesirable-effect",
    ),
    ClaimKind(
        "prevalence",
        "Prevalence",
        "prevalences",
        {
            "procedure": _in_part("clinicians", "How common it is", limit=2, says_unknown=False),
            "condition": PageSection("How common it is", limit=4),
            "pain_generator": PageSection("How common it is", limit=4),
        },
        on_emergencies=True,
    ),
    ClaimKind("incidence", "Incidence", "incidences", {"condition": PageSection("New cases", limit=4)}),
    ClaimKind(
        "natural_course",
        "Natural course",
        "natural_courses",
        {"condition": _in_template("care", "What happens if nothing is done")},
    ),
    ClaimKind(
        "first_line_care",
        "First-line care",
        "first_line_care",
        {"condition": _in_template("care", "Care without a procedure")},
    ),
    ClaimKind(
        "reference_test",
        "Reference test",
        "reference_tests",
        {
            "condition": PageSection("How it is tested", limit=4),
            "pain_generator": PageSection("How it is tested", limit=4),
        },
    ),
    ClaimKind(
        "diagnostic_accuracy",
        "Diagnostic accuracy",
        "diagnostic_accuracy",
        {
            "procedure": _in_part("benefit", "How well the test works", says_unknown=False),
            "condition": PageSection("How well tests work", limit=4),
            "pain_generator": PageSection("How well tests work", limit=4),
        },
    ),
    ClaimKind(
        "mechanism",
        "Mechanism",
        "mechanisms",
        {
            "procedure": _in_part("clinicians", "How it works"),
            "condition": PageSection("How it comes about", limit=4),
            "pain_generator": PageSection("How treatment works", limit=4),
        },
    ),
    ClaimKind(
        "finding",
        "Finding",
        "findings",
        {
            "procedure": _in_part("evidence", "What studies found"),
            "condition": PageSection("What studies found", limit=4),
            "pain_generator": PageSection("What studies found", limit=4),
        },
        values.FindingValue,
    ),
    ClaimKind(
        "recommendation",
        "Recommendation",
        "recommendations",
        {
            "procedure": _in_part("evidence", "What bodies recommend"),
            "condition": PageSection("What bodies recommend", limit=4),
            "pain_generator": PageSection("What bodies recommend", limit=4),
        },
        values.RecommendationValue,
    ),
    ClaimKind(
        "evidence_grade",
        "Grade stated by a body",
        "evidence_grades",
        {
            "procedure": _in_part("evidence", "Grades that bodies state", limit=2, says_unknown=False),
            "condition": PageSection("Grades that bodies state", limit=4),
            "pain_generator": PageSection("Grades that bodies state", limit=4),
        },
        values.EvidenceGradeValue,
    ),
    ClaimKind("recovery", "Recovery", "recovery", {"procedure": _in_part("afterwards", "Recovery")}),
    ClaimKind(
        "when_to_call",
        "When to call",
        "when_to_call_claims",
        {
            "procedure": _in_part("call", "What sources say", says_unknown=False),
            "condition": PageSection("When to get help", limit=4),
        },
        values.WhenToCallValue,
    ),
    ClaimKind(
        "repeat_limit",
        "Repeat limit",
        "repeat_limits",
        {"procedure": _in_part("afterwards", "How often it can be done", limit=2)},
    ),
    ClaimKind(
        "trial_period",
        "Trial period",
        "trial_periods",
        {"procedure": _in_part("afterwards", "Trial before the implant", limit=2)},
    ),
    ClaimKind(
        "device_longevity",
        "Device longevity",
        "device_longevity",
        {"procedure": _in_part("afterwards", "How long the device lasts", limit=2)},
    ),
    ClaimKind(
        "coverage",
        "Coverage",
        "coverage",
        {
            "procedure": _in_part("clinicians", "What payers cover", limit=2),
            "condition": PageSection("What payers cover", limit=4),
            "pain_generator": PageSection("What payers cover", limit=4),
        },
        values.CoverageValue,
    ),
    ClaimKind(
        "synonym",
        "Names used by sources",
        "source_names",
        {"procedure": _in_part("clinicians", "Names used by sources", limit=2, says_unknown=False)},
    ),
    ClaimKind("site", "Site", "sites", {"procedure": _in_part("clinicians", "Sites", limit=2, says_unknown=False)}),
    ClaimKind("guide", "Patient guide", ""),
)
CLAIM_KINDS: Final[Mapping[str, ClaimKind]] = MappingProxyType({row.name: row for row in _ROWS})
CLAIM_KIND_LABELS: Final[Mapping[str, str]] = MappingProxyType({row.name: row.label for row in _ROWS})
BLOCKS: Final = tuple(row.block for row in _ROWS if row.block)
# Record type -> the kinds that its details have a block for, in order.
CLAIM_KINDS_BY_RECORD_TYPE: Final[Mapping[str, tuple[ClaimKind, ...]]] = MappingProxyType(
    {record_type: tuple(row for row in _ROWS if record_type in row.sections) for record_type in TYPES_WITH_BLOCKS}
)
KINDS_BY_VALUE_MODEL: Final[Mapping[type[values.Value], tuple[str, ...]]] = MappingProxyType(
    {
        model: tuple(row.name for row in _ROWS if row.value_model is model)
        for model in dict.fromkeys(row.value_model for row in _ROWS)
    }
)
KINDS_WITH_VOCABULARY: Final = frozenset(row.name for row in _ROWS if row.vocabulary is not None)

# Block of a procedure beside those of the kinds: the serious ones of its risks.
SERIOUS_RISKS: Final = "serious_risks"


def list_blocks(record_type: str) -> list[str]:
    """Names of the blocks of a record type, in order."""
    return [row.block for row in CLAIM_KINDS_BY_RECORD_TYPE[record_type]]
