"""How records stand to each other. An edge is a claim: its row shares the claim's id."""

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from app.db.column_types import BYTEWISE

_ROLE = "role IN ('diagnoses', 'treats')"


class Target(SQLModel, table=True):
    """This procedure diagnoses or treats this pain generator. `rank` 0 is the best supported of several claims of one edge."""

    __table_args__ = (
        CheckConstraint(_ROLE, name="role_known"),
        Index("uq_target_edge", "pain_generator", "procedure", "role", "rank", unique=True),
        Index("ix_target_procedure", "procedure", "pain_generator"),
    )

    claim_id: str = Field(primary_key=True, foreign_key="claim.id", sa_type=BYTEWISE)
    procedure: str = Field(foreign_key="procedure.slug", sa_type=BYTEWISE)
    pain_generator: str = Field(foreign_key="pain_generator.slug", sa_type=BYTEWISE)
    role: str = Field(sa_type=BYTEWISE)
    rank: int


class Indication(SQLModel, table=True):
    """This procedure is used for this condition. `rank` 0 is the best supported of several claims of one edge."""

    __table_args__ = (
        CheckConstraint(_ROLE, name="role_known"),
        Index("uq_indication_edge", "condition", "procedure", "role", "rank", unique=True),
        Index("ix_indication_procedure", "procedure", "condition"),
    )

    claim_id: str = Field(primary_key=True, foreign_key="claim.id", sa_type=BYTEWISE)
    procedure: str = Field(foreign_key="procedure.slug", sa_type=BYTEWISE)
    condition: str = Field(foreign_key="condition.slug", sa_type=BYTEWISE)
    role: str = Field(sa_type=BYTEWISE)
    rank: int


class ProcedureRisk(SQLModel, table=True):
    """How often a risk was observed with a procedure. A band stands only where there is a rate."""

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


class Origin(SQLModel, table=True):
    """Pain of this condition arises from this pain generator."""

    claim_id: str = Field(primary_key=True, foreign_key="claim.id", sa_type=BYTEWISE)
    condition: str = Field(primary_key=True, foreign_key="condition.slug", sa_type=BYTEWISE)
    pain_generator: str = Field(primary_key=True, foreign_key="pain_generator.slug", index=True, sa_type=BYTEWISE)


class Cause(SQLModel, table=True):
    """This condition may cause another one."""

    claim_id: str = Field(primary_key=True, foreign_key="claim.id", sa_type=BYTEWISE)
    condition: str = Field(primary_key=True, foreign_key="condition.slug", sa_type=BYTEWISE)
    effect: str = Field(primary_key=True, foreign_key="condition.slug", index=True, sa_type=BYTEWISE)


class Broader(SQLModel, table=True):
    """`slug` falls under `ancestor`, `depth` steps up. Depth 0 is the record itself, so that a filter is one look-up."""

    __table_args__ = (Index("ix_broader_ancestor", "type", "ancestor", "slug"),)

    type: str = Field(primary_key=True, sa_type=BYTEWISE)
    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    ancestor: str = Field(primary_key=True, sa_type=BYTEWISE)
    depth: int


class ProcedureRelation(SQLModel, table=True):
    """How one procedure stands to another: confirms, alternative_to, escalates_to."""

    __tablename__ = "procedure_relation"

    procedure: str = Field(primary_key=True, foreign_key="procedure.slug", sa_type=BYTEWISE)
    type: str = Field(primary_key=True, sa_type=BYTEWISE)
    other: str = Field(primary_key=True, foreign_key="procedure.slug", sa_type=BYTEWISE)
    reason: str = Field(sa_type=BYTEWISE)
