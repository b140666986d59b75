"""Schema of the seed files: Pydantic classes that parse and validate them. Pure: no database, no clock.

Every class rejects unknown keys. Rules across several files (dangling slugs, duplicate claim ids) are in `checks.py`.
"""

import datetime as dt
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, Generic, Literal, Self, TypeVar, Union

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    create_model,
    model_validator,
)

from app.domain import patterns, values, vocabulary
from app.domain.claim_kinds import CLAIM_KINDS, KINDS_BY_VALUE_MODEL
from app.domain.code_systems import CODE_RELATIONS
from app.domain.record_types import REVIEWED_TYPES
from app.domain.values import BodyRegion, OpenEnum, Qualifiers

V = TypeVar("V", bound=values.Value)
_CONTROL_CHARACTER = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def find_control_character(text: str) -> str | None:
    """Message for the first control character or lone surrogate, which the two databases do not store alike; else None."""
    match = _CONTROL_CHARACTER.search(text)
    return f"control character U+{ord(match[0]):04X} in text: remove it" if match else None


def _check_no_control_characters(text: str) -> str:
    if msg := find_control_character(text):
        raise ValueError(msg)
    return text


def _check_valid_date(text: str) -> str:
    try:
        dt.date.fromisoformat(text)
    except ValueError as error:
        msg = f"not a valid date: {error}"
        raise ValueError(msg) from None
    return text


Date = Annotated[str, StringConstraints(pattern=patterns.DATE), AfterValidator(_check_valid_date)]
Slug = Annotated[str, StringConstraints(pattern=patterns.SLUG, max_length=80)]
ClaimId = Annotated[str, StringConstraints(pattern=patterns.CLAIM_ID, max_length=120)]
Line = Annotated[
    str,
    StringConstraints(min_length=1, max_length=300, pattern=patterns.LINE),
    AfterValidator(_check_no_control_characters),
]
ShortLine = Annotated[
    str,
    StringConstraints(min_length=1, max_length=60, pattern=patterns.LINE),
    AfterValidator(_check_no_control_characters),
]
# What takes more phrases is to be ranked better: a phrase that only repeats what ranking finds is left out.
PatientPhrases = Annotated[
    list[Line],
    Field(max_length=15, description="Words that people search with. They are no names: only search uses them."),
]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=6000), AfterValidator(_check_no_control_characters)]


class SeedModel(BaseModel):
    """Base of every seed class: immutable, and unknown keys are rejected."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class NameIn(SeedModel):
    """Alternative name of a record: what it is called, not a symptom, nor a broader, narrower or other diagnosis or technique."""

    text: Line
    kind: Annotated[str, OpenEnum(vocabulary.NAME_KINDS)]
    ambiguous: bool = Field(
        default=False,
        description="Several records are called so: each lists the name and marks it. It leads to none, but to the choice.",
    )


class CitationIn(SeedModel):
    """Passage of a source that supports a claim."""

    source: Slug
    locator: Line | None = Field(default=None, description="Section, page or table; null: the whole source.")
    note: Line | None = Field(default=None, description="Caveat about this citation; null: none.")


class CertaintyIn(SeedModel):
    """Certainty of the evidence on an outcome, as a review or a guideline states it."""

    rating: Annotated[str, OpenEnum(vocabulary.CERTAINTY_RATINGS)]
    stated_by: Line = Field(description="Review or body that rates, with its year.")
    outcome: Line


class ClaimIn(SeedModel, Generic[V]):
    """Cited statement. `id` is permanent: never reused, never renamed."""

    id: ClaimId
    kind: str
    statement: Prose
    value: V
    qualifiers: Qualifiers = Qualifiers()
    support: Annotated[str, OpenEnum(vocabulary.SUPPORTS)] = "quote"
    reason: Line | None = Field(default=None, description="Reason for an editorial claim; null otherwise.")
    certainty: CertaintyIn | None = Field(default=None, description="Null: no review or guideline states one.")
    commercial: bool = Field(default=False, description="The words are a maker's or a practice's own.")
    citations: list[CitationIn] = Field(min_length=1)

    @model_validator(mode="after")
    def _check_reason(self) -> Self:
        if self.support == "editorial" and not self.reason:
            msg = "an editorial claim needs a reason"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _check_vocabulary(self) -> Self:
        allowed = CLAIM_KINDS[self.kind].vocabulary
        if allowed is not None and isinstance(self.value, values.StatementValue):
            for value in self.value.values:
                OpenEnum(allowed).check(value)
        return self


def _build_claim_class(model: type[values.Value], claim_kinds: tuple[str, ...]) -> type[ClaimIn[Any]]:
    fields: dict[str, Any] = {"kind": (Literal[claim_kinds], ...), "value": (model, ...)}
    return create_model(
        f"{model.__name__.removesuffix('Value')}ClaimIn",
        __base__=ClaimIn,
        __module__=__name__,
        __doc__=model.__doc__,
        **fields,
    )


# Claim kind -> its class.
CLAIM_CLASSES: Final[Mapping[str, type[ClaimIn[Any]]]] = {
    claim_kind: claim_class
    for model, claim_kinds in KINDS_BY_VALUE_MODEL.items()
    for claim_class in (_build_claim_class(model, claim_kinds),)
    for claim_kind in claim_kinds
}
if TYPE_CHECKING:
    AnyClaimIn = ClaimIn[Any]
else:
    AnyClaimIn = Annotated[Union[tuple(CLAIM_CLASSES.values())], Field(discriminator="kind")]  # noqa: UP007 - the members are known at run time only


class TextIn(SeedModel):
    """Prose with the ids of its supporting claims. Omit a text that no claim supports: it is then unknown."""

    text: Prose
    claims: list[ClaimId] = Field(min_length=1)


class RelatedProcedureIn(SeedModel):
    """Relation of a procedure to another, supported by claims or by an editorial reason."""

    type: Annotated[str, OpenEnum(vocabulary.PROCEDURE_RELATIONS)]
    procedure: Slug
    claims: list[ClaimId] = []
    reason: Line


class ContentReviewIn(SeedModel):
    """What about.json says of the review of the whole content."""

    status: Line
    reviewed_on: Date | None = None
    review_due: Date


class NotFoundIn(SeedModel):
    """Block that was searched for without a result: unlike an unknown one, which nobody looked for."""

    block: str
    searched: list[Line] = Field(min_length=1, description="Where it was looked for.")
    searched_on: Date


class RecordIn(SeedModel):
    """Common fields of procedures, conditions and pain generators."""

    schema_: str = Field(default="", alias="$schema", exclude=True)
    slug: Slug
    name: Line
    patient_name: ShortLine = Field(
        description="Name that patients use, in everyday words: it promises nothing. Clinical words go in parentheses."
    )
    former_slugs: list[Slug] = []
    names: list[NameIn] = []
    patient_phrases: PatientPhrases = []
    body_regions: list[BodyRegion] = []
    broader: list[Slug] = []
    key_messages: list[TextIn] = []
    texts: dict[str, TextIn] = {}
    # Blocks that cannot apply (such as the trial period of an injection), as opposed to unknown blocks.
    not_applicable: list[str] = []
    not_found: list[NotFoundIn] = []
    claims: list[AnyClaimIn] = []


class ProcedureIn(RecordIn):
    """Procedure performed by a specialist."""

    family: Annotated[str, OpenEnum(vocabulary.PROCEDURE_FAMILIES)]
    intents: list[Annotated[str, OpenEnum(vocabulary.INTENTS)]] = Field(min_length=1)
    implant: bool = Field(description="Whether the procedure leaves a device or material in the body on purpose.")
    related: list[RelatedProcedureIn] = []


class ConditionIn(RecordIn):
    """Condition that patients are diagnosed with. A stub is named but not described by the sources."""

    stub: bool = False


class PainGeneratorIn(RecordIn):
    """Anatomical structure that pain arises from."""

    kind: Annotated[str, OpenEnum(vocabulary.GENERATOR_KINDS)]


class RiskIn(SeedModel):
    """Risk in the catalog. Its name and description are editorial; its frequency is stated by claims."""

    slug: Slug
    name: Line
    lay_name: Line
    category: Annotated[str, OpenEnum(vocabulary.RISK_CATEGORIES)]
    seriousness: values.Seriousness = Field(
        description="How serious it usually is: an editorial judgment. Claims may only raise it."
    )
    seriousness_reason: Line
    description: Prose
    names: list[Line] = []
    patient_phrases: PatientPhrases = []
    former_slugs: list[Slug] = []


class SourceIn(SeedModel):
    """Publication that claims cite."""

    slug: Slug
    title: Line
    publisher: Line | None = None
    year: int | None = Field(default=None, ge=1800, le=2100)
    url: Annotated[str, StringConstraints(pattern=patterns.WEB_URL, max_length=1000)] | None = None
    doi: Annotated[str, StringConstraints(pattern=patterns.DOI, max_length=200)] | None = None
    pmid: Annotated[str, StringConstraints(pattern=patterns.PMID)] | None = None
    pmcid: Annotated[str, StringConstraints(pattern=patterns.PMCID)] | None = None
    number: Line | None = Field(default=None, description="The body's own number, such as NG59.")
    authors: Line | None = None
    design: Annotated[str, OpenEnum(vocabulary.DESIGNS)]
    commercial: bool = Field(default=False, description="A maker's or a practice's own words.")
    funding: Line | None = Field(default=None, description="Who paid for the study.")
    year_reason: Line | None = Field(default=None, description="Why there is no year.")
    standing: Annotated[str, OpenEnum(vocabulary.SOURCE_STANDINGS)] = "current"
    standing_date: Date | None = Field(
        default=None, description="When it was corrected, superseded, retracted, withdrawn."
    )
    replaced_by: Slug | None = Field(default=None, description="Source that took its place.")
    note: Line | None = None

    @model_validator(mode="after")
    def _check_standing(self) -> Self:
        if self.standing == "current" and (self.standing_date or self.replaced_by):
            msg = "a current source has neither standing_date nor replaced_by: say its standing"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _check_year_reason(self) -> Self:
        if self.year is not None and self.year_reason:
            msg = "year_reason says why there is no year, but there is one"
            raise ValueError(msg)
        return self


class GuideItemIn(SeedModel):
    """Heading and text within a guide page."""

    heading: Line
    text: Prose
    claims: list[ClaimId] = []


class GuidePageIn(SeedModel):
    """Page of the patient guide."""

    slug: Slug
    title: Line
    names: list[Line] = Field(default=[], description="Alternative names that people search for.")
    summary: TextIn
    items: list[GuideItemIn]
    claims: list[AnyClaimIn] = []


class CodedRecordIn(SeedModel):
    """Record that a code leads to."""

    type: Literal["procedure", "condition", "pain_generator"]
    slug: Slug
    relation: Annotated[str, OpenEnum(CODE_RELATIONS)]


class CodeIn(SeedModel):
    """Code of another organization. `id` is the code, so that changes of the content name it."""

    id: Annotated[str, StringConstraints(pattern=patterns.CODE, max_length=20)]
    title: Line
    billable: bool | None = Field(
        default=None, description="Whether claims may bear it; null: the system does not say."
    )
    subtree: bool = Field(default=False, description="It also means every code that begins with it.")
    replaced_by: list[str] = Field(default=[], description="Codes that replaced it when it was retired.")
    records: list[CodedRecordIn] = []


class CodeSystemIn(SeedModel):
    """Codes of one system, with the records that they lead to."""

    schema_: str = Field(default="", alias="$schema", exclude=True)
    slug: str
    version: Line | None = Field(default=None, description="Date or year of the table; null: not stated.")
    codes: list[CodeIn]


class EmergencySignIn(SeedModel):
    """Sign of an emergency in everyday words."""

    text: Line
    tier: values.CallTier | None = Field(default=None, description="How soon to get help; null: as for the emergency.")
    claims: list[ClaimId] = Field(default=[], description="Empty: an editorial sign.")


class AppliesToIn(SeedModel):
    """Records that an emergency belongs to besides those with one of its risks: an editorial choice."""

    every_procedure: bool = False
    general: bool = Field(default=False, description="It can happen to anyone: shown where nothing else is known.")
    families: list[Annotated[str, OpenEnum(vocabulary.PROCEDURE_FAMILIES)]] = []
    procedures: list[Slug] = Field(default=[], description="These and their narrower procedures.")
    conditions: list[Slug] = Field(default=[], description="These and their narrower conditions.")
    pain_generators: list[Slug] = Field(
        default=[], description="These and their parts, and the procedures that act on them."
    )
    body_regions: list[BodyRegion] = Field(default=[], description="Only records in these regions; empty: in all.")


class EmergencyIn(SeedModel):
    """Emergency in the catalog: its signs, how soon to get help, and the phrases that people search for."""

    slug: Slug
    name: Line
    lay_name: Line
    former_slugs: list[Slug] = []
    tier: values.CallTier = Field(description="Tier of its most urgent signs.")
    action: Line | None = Field(default=None, description="What to do; null: as for every emergency of the tier.")
    short_sign: Line = Field(description="Its signs in one line, for short forms.")
    signs: list[EmergencySignIn] = Field(min_length=1)
    risks: list[Slug] = Field(default=[], description="Risks of procedures that can become this emergency.")
    applies_to: AppliesToIn = AppliesToIn()
    phrases: dict[Annotated[str, OpenEnum(vocabulary.CALL_TIERS)], list[Line]] = Field(
        description="Tier -> phrases: words in any order, a/b is either word, a_b adjacent words, @name a word list of"
        " editorial.json; = begins a phrase that must be the whole query, ~ one of signs that people also live with. Write every negation of an ability as `cannot`."
    )
    claims: list[AnyClaimIn] = Field(min_length=1)


class WithdrawnIn(SeedModel):
    """Published record that was withdrawn: its URL responds 410 with the replacements."""

    type: Line
    slug: Slug
    reason: Line
    replaced_by: list[Slug] = []


class ReviewIn(SeedModel):
    """Review of a record by a named clinician. It lapses when what was reviewed changes, as its hash shows."""

    schema_: str = Field(default="", alias="$schema", exclude=True)
    type: Annotated[str, OpenEnum(dict.fromkeys(REVIEWED_TYPES, ""))]
    slug: Slug
    reviewer: Line = Field(description="Name of the clinician.")
    credentials: Line
    reviewed_on: Date
    sha256: str = Field(
        pattern=patterns.SHA256, description="Hash of what was reviewed, as `procedure-kb review` prints it."
    )


class About(SeedModel):
    """Metadata of the whole content."""

    schema_: str = Field(default="", alias="$schema", exclude=True)
    title: Line
    publisher: Line
    license: Line
    license_url: Line
    attribution: Line
    notice: Prose
    review: ContentReviewIn
    update_policy: Prose
    funding: Prose
    authors: Line


class FamilyRankIn(SeedModel):
    """Entry in the editorial order of procedure families by invasiveness, least invasive first."""

    family: Annotated[str, OpenEnum(vocabulary.PROCEDURE_FAMILIES)]
    reason: Line


class PhraseMap(SeedModel):
    """Mapping from a phrase of a source to records, or to no record, with a reason."""

    phrase: Line
    field: Line
    record: Slug
    maps_to: list[Line] = []
    reason: Line


class Editorial(SeedModel):
    """Editorial mappings and rankings that no source states, each with a reason."""

    schema_: str = Field(default="", alias="$schema", exclude=True)
    invasiveness: list[FamilyRankIn]
    # Notes of editors: how phrases of sources and terms were read. Nothing else uses them.
    phrases: list[PhraseMap] = []
    emergency_words: dict[str, Prose] = Field(
        default={},
        description="Word lists that the phrases of emergencies use as @name: a/b/c, or @name of another list.",
    )
    glossary: dict[str, Line] = {}


class ContentChange(SeedModel):
    """Difference between two releases. `field` is empty for a whole record; list entries are addressed by their id."""

    entity: Line
    change: Literal["added", "changed", "removed"]
    # No stripping: a key in the pointer may begin or end with a space.
    field: Annotated[str, StringConstraints(strip_whitespace=False)] = ""
    old: Any = None
    new: Any = None


class ReleaseFile(SeedModel):
    """Release with its changes. Replaying the changes of all releases in order reproduces the content."""

    schema_: str = Field(default="", alias="$schema", exclude=True)
    version: str = Field(pattern=patterns.RELEASE_VERSION)
    date: Date
    title: Line
    content_hash: str = Field(pattern=patterns.SHA256)
    changes: list[ContentChange]

    @property
    def version_key(self) -> tuple[int, ...]:
        """Sort key of the release: versions compare numerically."""
        return tuple(int(part) for part in self.version.split("."))


class ReleaseExportIn(SeedModel):
    """Content of `/v1/export/release.json`: a release with its history, and later changes of a development version."""

    version: Line
    date: Date
    revision: str = Field(pattern=patterns.REVISION)
    releases: list[ReleaseFile]
    pending: list[ContentChange]
    sha256: str = Field(pattern=patterns.SHA256)
