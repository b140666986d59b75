"""Relations between records. Most are claims: the row shares the claim's id."""

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from app.db.column_types import BYTEWISE

_ROLE = "role IN ('diagnoses', 'treats')"


class Target(SQLModel, table=True):
    """The procedure diagnoses or treats the pain generator. `rank` 0 is the claim that states it first."""

    __table_args__ = (
        CheckConstraint(_ROLE, name="role_known"),
        Index("uq_target_relation", "pain_generator", "procedure", "role", "rank", unique=True),
        Index("ix_target_procedure", "procedure", "pain_generator"),
    )

    claim_id: str = Field(primary_key=True, foreign_key="claim.id", sa_type=BYTEWISE)
    procedure: str = Field(foreign_key="procedure.slug", sa_type=BYTEWISE)
    pain_generator: str = Field(foreign_key="pain_generator.slug", sa_type=BYTEWISE)
    role: str = Field(sa_type=BYTEWISE)
    rank: int


class Indication(SQLModel, table=True):
    """The procedure diagnoses or treats the condition. `rank` 0 is the claim that states it first."""

    __table_args__ = (
        CheckConstraint(_ROLE, name="role_known"),
        Index("uq_indication_relation", "condition", "procedure", "role", "rank", unique=True),
        Index("ix_indication_procedure", "procedure", "condition"),
    )

    claim_id: str = Field(primary_key=True, foreign_key="claim.id", sa_type=BYTEWISE)
    procedure: str = Field(foreign_key="procedure.slug", sa_type=BYTEWISE)
    condition: str = Field(foreign_key="condition.slug", sa_type=BYTEWISE)
    role: str = Field(sa_type=BYTEWISE)
    rank: int


class ProcedureRisk(SQLModel, table=True):
    """How often a risk was observed with a procedure. `band` is set only if there is a rate."""

    __tablename__ = "procedure_risk"
    __table_args__ = (
        CheckConstraint("percent_min >= 0 AND percent_max <= 100", name="percent_range"),
        CheckConstraint("percent_min <= percent_max", name="percent_ordered"),
        CheckConstraint("observed >= 0 AND observed <= n", name="observed_of_n"),
        CheckConstraint(
            "state IN ('known', 'none_seen', 'not_known', 'not_reported', 'not_looked_for')", name="state_known"
        ),
    )

    claim_id: str = Field(primary_key=True, foreign_key="claim.id", sa_type=BYTEWISE)
    procedure: str = Field(foreign_key="procedure.slug", index=True, sa_type=BYTEWISE)
    risk: str = Field(foreign_key="risk.slug", index=True, sa_type=BYTEWISE)
    state: str = Field(sa_type=BYTEWISE)
    observed: int | None = None
    n: int | None = None
    percent_min: float | None = None
    percent_max: float | None = None
    per: str | None = Field(default=None, sa_type=BYTEWISE)
    timeframe: str | None = Field(default=None, sa_type=BYTEWISE)
    band: str | None = Field(default=None, sa_type=BYTEWISE)


class ConditionGenerator(SQLModel, table=True):
    """The pain of the condition arises from the pain generator."""

    __tablename__ = "condition_generator"

    claim_id: str = Field(primary_key=True, foreign_key="claim.id", sa_type=BYTEWISE)
    condition: str = Field(primary_key=True, foreign_key="condition.slug", sa_type=BYTEWISE)
    pain_generator: str = Field(primary_key=True, foreign_key="pain_generator.slug", index=True, sa_type=BYTEWISE)


class ConditionCause(SQLModel, table=True):
    """The condition may cause another condition, `effect`."""

    __tablename__ = "condition_cause"

    claim_id: str = Field(primary_key=True, foreign_key="claim.id", sa_type=BYTEWISE)
    condition: str = Field(primary_key=True, foreign_key="condition.slug", sa_type=BYTEWISE)
    effect: str = Field(primary_key=True, foreign_key="condition.slug", index=True, sa_type=BYTEWISE)


class Ancestor(SQLModel, table=True):
    """`ancestor` is `depth` levels above `slug`. Depth 0 is the record itself, so a filter needs one lookup only."""

    __table_args__ = (Index("ix_ancestor_ancestor", "type", "ancestor", "slug"),)

    type: str = Field(primary_key=True, sa_type=BYTEWISE)
    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    ancestor: str = Field(primary_key=True, sa_type=BYTEWISE)
    depth: int


class ProcedureRelation(SQLModel, table=True):
    """Relation between two procedures: confirms, alternative_to or escalates_to."""

    __tablename__ = "procedure_relation"

    procedure: str = Field(primary_key=True, foreign_key="procedure.slug", sa_type=BYTEWISE)
    type: str = Field(primary_key=True, sa_type=BYTEWISE)
    other: str = Field(primary_key=True, foreign_key="procedure.slug", sa_type=BYTEWISE)
    reason: str = Field(sa_type=BYTEWISE)
