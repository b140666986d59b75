"""Seed files as they are written: the classes that read and validate them. Pure: no database, no clock.

One JSON file an entity. Every class refuses unknown keys; what only several files together can show (a dangling slug, a
claim id used twice) is `checks.py`'s.
"""

import datetime as dt
import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.domain import patterns, values, vocabulary
from app.domain.values import Among, Qualifiers

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def control_in(text: str) -> str | None:
    """What to say of the first control character, lone surrogate or NUL: both engines cannot store or show it alike."""
    bad = _CONTROL.search(text)
    return f"control character U+{ord(bad[0]):04X} in text: take it out" if bad else None


def _printable(text: str) -> str:
    if msg := control_in(text):
        raise ValueError(msg)
    return text


def _calendar(text: str) -> str:
    try:
        dt.date.fromisoformat(text)
    except ValueError as error:
        msg = f"no date of the calendar: {error}"
        raise ValueError(msg) from None
    return text


Date = Annotated[str, StringConstraints(pattern=patterns.DATE), AfterValidator(_calendar)]
Slug = Annotated[str, StringConstraints(pattern=patterns.SLUG, max_length=80)]
ClaimId = Annotated[str, StringConstraints(pattern=patterns.CLAIM_ID, max_length=120)]
Line = Annotated[
    str, StringConstraints(min_length=1, max_length=300, pattern=patterns.LINE), AfterValidator(_printable)
]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=6000), AfterValidator(_printable)]
BodyRegion = Annotated[str, Among(vocabulary.BODY_REGIONS)]


class Seed(BaseModel):
    """Base of what seed files hold."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Name(Seed):
    """Another name of a record. Several records may share one; the preferred name may not be shared."""

    text: Line
    kind: Annotated[str, Among(vocabulary.NAME_KINDS)]


class Citation(Seed):
    """Where a claim was read."""

    source: Slug
    locator: Line | None = Field(default=None, description="Section, page or table; null: the source as a whole.")
    note: Line | None = Field(default=None, description="What a reader must know of this citation; null: nothing.")


class ClaimBase(Seed):
    """One cited statement. `id` is permanent: never reused, never renamed."""

    id: ClaimId
    statement: Prose
    qualifiers: Qualifiers = Qualifiers()
    support: Annotated[str, Among(vocabulary.SUPPORTS)] = "quote"
    reason: Line | None = Field(default=None, description="Why, where support is editorial; null otherwise.")
    certainty_reasons: list[Line] = Field(default=[], description="Why the certainty is below high.")
    citations: list[Citation] = Field(min_length=1)

    @model_validator(mode="after")
    def _reasoned(self) -> Self:
        if self.support == "editorial" and not self.reason:
            msg = "an editorial claim needs its reason"
            raise ValueError(msg)
        return self


class TargetClaim(ClaimBase):
    kind: Literal["target"]
    value: values.TargetValue


class IndicationClaim(ClaimBase):
    kind: Literal["indication"]
    value: values.IndicationValue


class ProcedureRiskClaim(ClaimBase):
    kind: Literal["procedure_risk"]
    value: values.ProcedureRiskValue


class ReliefDurationClaim(ClaimBase):
    kind: Literal["relief_duration"]
    value: values.ReliefDurationValue


class OnsetClaim(ClaimBase):
    kind: Literal["onset"]
    value: values.OnsetValue


class ResponseRateClaim(ClaimBase):
    kind: Literal["response_rate"]
    value: values.ResponseRateValue


class FindingClaim(ClaimBase):
    kind: Literal["finding"]
    value: values.FindingValue


class RecommendationClaim(ClaimBase):
    kind: Literal["recommendation"]
    value: values.RecommendationValue


class EvidenceGradeClaim(ClaimBase):
    kind: Literal["evidence_grade"]
    value: values.EvidenceGradeValue


class CoverageClaim(ClaimBase):
    kind: Literal["coverage"]
    value: values.CoverageValue


class StatementClaim(ClaimBase):
    """A claim of a kind that is only shown."""

    kind: Literal[
        "site",
        "contraindication",
        "prerequisite",
        "repeat_limit",
        "trial_period",
        "device_longevity",
        "guidance",
        "anaesthesia",
        "setting",
        "procedure_time",
        "recovery",
        "mechanism",
        "diagnostic_accuracy",
        "code",
        "synonym",
        "definition",
        "symptom",
        "prevalence",
        "incidence",
        "natural_course",
        "first_line_care",
        "red_flag",
        "reference_test",
        "share_of_pain",
        "referral_pattern",
        "arises_from",
        "causes",
        "guide",
    ]
    value: values.StatementValue

    @model_validator(mode="after")
    def _closed_values(self) -> Self:
        for value in self.value.values if self.kind in values.VALUES_OF_KIND else ():
            Among(values.VALUES_OF_KIND[self.kind]).check(value)
        return self


Claim = Annotated[
    TargetClaim
    | IndicationClaim
    | ProcedureRiskClaim
    | ReliefDurationClaim
    | OnsetClaim
    | ResponseRateClaim
    | FindingClaim
    | RecommendationClaim
    | EvidenceGradeClaim
    | CoverageClaim
    | StatementClaim,
    Field(discriminator="kind"),
]


class Text(Seed):
    """Prose and the claims it rests on. Without any claim it does not load: leave the section out, it is unknown."""

    text: Prose
    claims: list[ClaimId] = Field(min_length=1)


class Relation(Seed):
    """How one procedure stands to another, by the claims that say so or by editorial reason."""

    type: Annotated[str, Among(vocabulary.RELATIONS)]
    procedure: Slug
    claims: list[ClaimId] = []
    reason: Line


class Review(Seed):
    """Review status of a record where it differs from the general one of about.json."""

    status: Line
    reviewed_on: Date | None = None
    review_due: Date


class Record(Seed):
    """What procedures, conditions and pain generators have in common."""

    schema_: str = Field(default="", alias="$schema", exclude=True)
    slug: Slug
    name: Line
    former_slugs: list[Slug] = []
    names: list[Name] = []
    patient_phrases: list[Line] = Field(default=[], description="How people put it when they look for it.")
    body_regions: list[BodyRegion] = []
    broader: list[Slug] = []
    key_messages: list[Text] = []
    texts: dict[str, Text] = {}
    # Blocks that cannot apply (a trial period of an injection), as opposed to unknown ones.
    not_applicable: list[str] = []
    review: Review | None = None
    claims: list[Claim] = []


PROCEDURE_TEXTS = ("summary", "clinical", "what_happens", "preparation", "afterwards", "when_to_call")


class Procedure(Record):
    """What a specialist does."""

    family: Annotated[str, Among(vocabulary.FAMILIES)]
    intents: list[Annotated[str, Among(vocabulary.INTENTS)]] = Field(min_length=1)
    implant: bool = Field(description="Does something stay in the body on purpose.")
    related: list[Relation] = []


class Condition(Record):
    """What the patient is diagnosed with. A stub is named by the evidence and not described."""

    stub: bool = False


class PainGenerator(Record):
    """The anatomical structure that pain arises from."""

    kind: Annotated[str, Among(vocabulary.GENERATOR_KINDS)]


class Risk(Seed):
    """One risk of the catalogue. Its name and description are editorial; how often it happens stands in claims."""

    slug: Slug
    name: Line
    lay_name: Line
    category: Annotated[str, Among(vocabulary.RISK_CATEGORIES)]
    description: Prose
    names: list[Line] = []
    patient_phrases: list[Line] = Field(default=[], description="How people put it when they look for it.")
    former_slugs: list[Slug] = []


class Source(Seed):
    """What facts were read in."""

    slug: Slug
    title: Line
    publisher: Line | None = None
    year: int | None = Field(default=None, ge=1800, le=2100)
    url: Annotated[str, StringConstraints(pattern=patterns.WEB_ADDRESS, max_length=1000)] | None = None
    doi: Annotated[str, StringConstraints(pattern=patterns.DOI, max_length=200)] | None = None
    design: Annotated[str, Among(vocabulary.DESIGNS)]
    commercial: bool = False
    status: Annotated[str, Among(vocabulary.SOURCE_STATUSES)] = "current"
    note: Line | None = None


class GuideItem(Seed):
    """A heading with its text inside a page of the guide."""

    heading: Line
    text: Prose
    claims: list[ClaimId] = []


class GuidePage(Seed):
    """One page of the patient guide."""

    slug: Slug
    title: Line
    names: list[Line] = Field(default=[], description="Other words that people look for it with.")
    summary: Text
    items: list[GuideItem]
    claims: list[Claim] = []


class Withdrawn(Seed):
    """A record that was published and is gone: 410 with what replaces it."""

    type: Line
    slug: Slug
    reason: Line
    replaced_by: list[Slug] = []


class About(Seed):
    """What is true of the whole content."""

    schema_: str = Field(default="", alias="$schema", exclude=True)
    title: Line
    publisher: Line
    licence: Line
    licence_url: Line
    attribution: Line
    notice: Prose
    review: Review
    update_policy: Prose
    funding: Prose
    authors: Line


class FamilyRank(Seed):
    """Place of a family in the editorial order of invasiveness, least first."""

    family: Annotated[str, Among(vocabulary.FAMILIES)]
    reason: Line


class PhraseMap(Seed):
    """A phrase of a source mapped to records, or to nothing, with its reason."""

    phrase: Line
    field: Line
    record: Slug
    maps_to: list[Line] = []
    reason: Line


class RedFlagPhrase(Seed):
    """Words with which a person describes an emergency, and the claims that warn of it."""

    phrases: list[Line] = Field(
        min_length=1, description="Words in any order; a/b at one place is either. Every way to say no is `cannot`."
    )
    claims: list[ClaimId] = Field(min_length=1)
    reason: Line


class Editorial(Seed):
    """Maps and orders that no source states, each line with its reason."""

    schema_: str = Field(default="", alias="$schema", exclude=True)
    invasiveness: list[FamilyRank]
    phrases: list[PhraseMap] = []
    red_flags: list[RedFlagPhrase] = []
    glossary: dict[str, Line] = {}


AnyClaim = (
    TargetClaim
    | IndicationClaim
    | ProcedureRiskClaim
    | ReliefDurationClaim
    | OnsetClaim
    | ResponseRateClaim
    | FindingClaim
    | RecommendationClaim
    | EvidenceGradeClaim
    | CoverageClaim
    | StatementClaim
)


class Change(Seed):
    """One difference between two releases. `field` is empty for a whole record; entries with an id go by that id."""

    entity: Line
    change: Literal["added", "changed", "removed"]
    # A pointer is kept as it is: a key may begin or end with a space.
    field: Annotated[str, StringConstraints(strip_whitespace=False)] = ""
    old: Any = None
    new: Any = None


class ReleaseFile(Seed):
    """One release: its changes, replayed from the first to the last, give the content of every release."""

    schema_: str = Field(default="", alias="$schema", exclude=True)
    version: str = Field(pattern=patterns.RELEASE_VERSION)
    date: Date
    title: Line
    content_hash: str = Field(pattern=patterns.SHA256)
    changes: list[Change]

    @property
    def order(self) -> tuple[int, ...]:
        """Place in the history: versions compare by number."""
        return tuple(int(part) for part in self.version.split("."))


class ReleaseExport(Seed):
    """What `/v1/export/release.json` gives: a release with its history, and changes since where it is under development."""

    version: Line
    date: Date
    revision: str = Field(pattern=patterns.REVISION)
    releases: list[ReleaseFile]
    pending: list[Change]
    sha256: str = Field(pattern=patterns.SHA256)
