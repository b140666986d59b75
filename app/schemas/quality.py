"""What is known and how well, and where sources part."""

from typing import Annotated, Literal

from pydantic import Field

from app.domain import vocabulary
from app.domain.values import Among
from app.schemas.building_blocks import Design, Intent, Ref, SelfLink, Shown

Share = Annotated[float, Field(ge=0, le=1)]


class ReadingGrade(Shown):
    """US school grade of patient texts (all but the clinician's paragraph), by two formulas."""

    flesch_kincaid: float | None = Field(description="Null: there is no patient text.")
    automated_readability: float | None = Field(description="Null: there is no patient text.")


class Coverage(Shown):
    claims: int
    better_than_patient_education: Share | None = Field(description="Share of claims; null: there is none.")
    commercial: Share | None = Field(description="Share of claims from commercial sources; null: there is none.")
    with_figures: Share | None = Field(description="Share of claims that hold a number; null: there is none.")
    oldest_source: int | None = Field(description="Year; null: no source states one.")


class Overall(Coverage):
    records: int
    reading_grade: ReadingGrade = Field(description="Median of the records that have patient texts.")


class RecordQuality(Coverage):
    """How well one record is known."""

    record: Ref
    reading_grade: ReadingGrade
    unknown_blocks: list[str]
    texts: list[str] = Field(description="Texts that are written.")
    links: SelfLink


class Gaps(Shown):
    """What no cited statement joins."""

    conditions_without_generator: list[Ref]
    conditions_without_procedure: list[Ref]
    procedures_without_target: list[Ref]
    procedures_without_typical_relief: list[Ref]


class Quality(Shown):
    """What is known and how well."""

    overall: Overall
    gaps: Gaps
    records: list[RecordQuality]


class ClaimBrief(Shown):
    """A side of a disagreement."""

    id: str
    subject: Ref
    statement: str
    design: Design
    year: int | None = Field(description="Null: not stated.")
    population: str | None = Field(description="Null: not stated.")
    comparator: str | None = Field(description="Null: none, or not stated.")
    links: SelfLink


class Parting(Shown):
    """Like estimates that part: same procedure, intent, measure and kind of definition."""

    procedure: Ref
    intent: Intent
    measure: Annotated[str, Among(vocabulary.MEASURES)]
    definition: Literal["defined", "not defined"] = Field(description="Does the source say what counts as relief.")
    ratio: float = Field(description="Longest by shortest, in days.")
    shortest: ClaimBrief
    longest: ClaimBrief
    estimates: list[str]


class Side(Shown):
    position: str
    claims: list[ClaimBrief]


class Contradiction(Shown):
    """Bodies or studies that contradict each other. A broader record stands for its forms too."""

    record: Ref
    about: Literal["recommendation", "finding"]
    axis: str
    sides: list[Side]


class Disagreements(Shown):
    """Where sources part."""

    estimates: list[Parting]
    contradictions: list[Contradiction]
