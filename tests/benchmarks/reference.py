"""Reference applications measured beside this service, each a process: `python -m benchmarks.reference`.

`bare` returns stored bytes and headers from a dictionary: the limit of the server. `plain` is FastAPI with SQLModel as
its tutorial teaches it (sync endpoints, a session dependency, relationships, response models) over the same rows: what
a team would write first.
"""

import json
import sys
from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Query
from sqlalchemy import Engine, Index
from sqlalchemy.orm import registry
from sqlmodel import Field, Relationship, Session, SQLModel, col, create_engine, insert, or_, select

from app.domain.values import IndicationValue, ProcedureRiskValue, ReliefDurationValue, TargetValue
from app.loader.content import CheckedContent
from app.seed import schema as seed

TABLES = registry()


class Base(SQLModel, registry=TABLES):
    """Base of the tables of the plain application."""


class GeneratorLink(Base, table=True):
    __tablename__ = "plain_procedure_generator"
    __table_args__: ClassVar[Any] = (Index("ix_plain_generator", "generator_id", "procedure_id"),)
    procedure_id: int = Field(foreign_key="plain_procedure.id", primary_key=True)
    generator_id: int = Field(foreign_key="plain_generator.id", primary_key=True)


class ConditionLink(Base, table=True):
    __tablename__ = "plain_procedure_condition"
    procedure_id: int = Field(foreign_key="plain_procedure.id", primary_key=True)
    condition_id: int = Field(foreign_key="plain_condition.id", primary_key=True)


class Record(Base):
    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(index=True, unique=True)
    name: str = Field(index=True)


class Generator(Record, table=True):
    __tablename__ = "plain_generator"
    procedures: list["Procedure"] = Relationship(back_populates="generators", link_model=GeneratorLink)


class Condition(Record, table=True):
    __tablename__ = "plain_condition"
    procedures: list["Procedure"] = Relationship(back_populates="conditions", link_model=ConditionLink)


class Risk(Record, table=True):
    __tablename__ = "plain_risk"


class Statement(Base):
    id: int | None = Field(default=None, primary_key=True)
    procedure_id: int = Field(foreign_key="plain_procedure.id", index=True)
    statement: str


class ProcedureRisk(Statement, table=True):
    __tablename__ = "plain_procedure_risk"
    risk_id: int = Field(foreign_key="plain_risk.id")
    observed: int
    n: int
    procedure: "Procedure" = Relationship(back_populates="risks")
    risk: Risk = Relationship()


class Relief(Statement, table=True):
    __tablename__ = "plain_relief"
    min: str
    max: str
    label: str
    procedure: "Procedure" = Relationship(back_populates="reliefs")


class Procedure(Record, table=True):
    __tablename__ = "plain_procedure"
    family: str
    summary: str
    generators: list[Generator] = Relationship(back_populates="procedures", link_model=GeneratorLink)
    conditions: list[Condition] = Relationship(back_populates="procedures", link_model=ConditionLink)
    risks: list[ProcedureRisk] = Relationship(back_populates="procedure")
    reliefs: list[Relief] = Relationship(back_populates="procedure")


class RecordPublic(SQLModel):
    id: int
    slug: str
    name: str


class RiskPublic(SQLModel):
    observed: int
    n: int
    statement: str
    risk: RecordPublic


class ReliefPublic(SQLModel):
    min: str
    max: str
    label: str
    statement: str


class ProcedurePublic(RecordPublic):
    family: str
    summary: str


class ProcedureDetail(ProcedurePublic):
    generators: list[RecordPublic] = []
    conditions: list[RecordPublic] = []
    risks: list[RiskPublic] = []
    reliefs: list[ReliefPublic] = []


def load_plain_database(engine: Engine, content: CheckedContent) -> None:
    """Load a synthetic release into the tables of the plain application."""
    TABLES.metadata.create_all(engine)
    bundle = content.bundle
    records: dict[type[SQLModel], Sequence[Any]] = {
        Generator: bundle.pain_generators,
        Condition: bundle.conditions,
        Risk: bundle.risks,
    }
    ids = {model: {record.slug: n for n, record in enumerate(members, 1)} for model, members in records.items()}
    with engine.begin() as connection:
        for model, members in records.items():
            connection.execute(insert(model), [{"slug": record.slug, "name": record.name} for record in members])
        for start in range(0, len(bundle.procedures), 2_000):
            batch: dict[type[SQLModel], list[dict[str, Any]]] = defaultdict(list)
            for number, record in enumerate(bundle.procedures[start : start + 2_000], start + 1):
                _add_rows(batch, ids, number, record)
            for model, values in batch.items():
                connection.execute(insert(model), values)


def _add_rows(
    batch: dict[type[SQLModel], list[dict[str, Any]]],
    ids: dict[type[SQLModel], dict[str, int]],
    number: int,
    record: seed.ProcedureIn,
) -> None:
    procedure = {"procedure_id": number}
    batch[Procedure].append(
        {"slug": record.slug, "name": record.name, "family": record.family, "summary": record.texts["summary"].text}
    )
    for claim in record.claims:
        if isinstance(claim.value, TargetValue):
            batch[GeneratorLink].append({**procedure, "generator_id": ids[Generator][claim.value.pain_generator]})
        elif isinstance(claim.value, IndicationValue):
            batch[ConditionLink].append({**procedure, "condition_id": ids[Condition][claim.value.condition]})
        elif isinstance(claim.value, ProcedureRiskValue):
            value = claim.value
            rate = {"observed": value.observed, "n": value.n, "statement": claim.statement}
            batch[ProcedureRisk].append({**procedure, **rate, "risk_id": ids[Risk][value.risk]})
        elif isinstance(claim.value, ReliefDurationValue):
            duration = {"min": claim.value.min, "max": claim.value.max, "label": claim.value.label}
            batch[Relief].append({**procedure, **duration, "statement": claim.statement})


def plain_app(file: str) -> FastAPI:
    """Build the application of the tutorial over a SQLite file."""
    engine = create_engine(f"sqlite:///{file}", connect_args={"check_same_thread": False})
    app = FastAPI()

    def get_session() -> Iterator[Session]:
        with Session(engine) as session:
            yield session

    Sessions = Annotated[Session, Depends(get_session)]  # noqa: N806 - a type
    Limit = Annotated[int, Query(le=100)]  # noqa: N806 - a type

    @app.get("/procedures", response_model=list[ProcedurePublic])
    def read_procedures(session: Sessions, offset: int = 0, limit: Limit = 20) -> Any:
        return session.exec(select(Procedure).order_by(col(Procedure.id)).offset(offset).limit(limit)).all()

    @app.get("/procedures/{slug}", response_model=ProcedureDetail)
    def read_procedure(slug: str, session: Sessions) -> Any:
        procedure = session.exec(select(Procedure).where(Procedure.slug == slug)).first()
        if not procedure:
            raise HTTPException(status_code=404, detail="Procedure not found")
        return procedure

    @app.get("/pain-generators/{slug}/procedures", response_model=list[ProcedurePublic])
    def read_procedures_of_generator(slug: str, session: Sessions, offset: int = 0, limit: Limit = 20) -> Any:
        generator = session.exec(select(Generator).where(Generator.slug == slug)).first()
        if not generator:
            raise HTTPException(status_code=404, detail="Pain generator not found")
        statement = select(Procedure).join(GeneratorLink).where(GeneratorLink.generator_id == generator.id)
        return session.exec(statement.order_by(col(Procedure.id)).offset(offset).limit(limit)).all()

    @app.get("/search", response_model=list[ProcedurePublic])
    def search(q: str, session: Sessions, offset: int = 0, limit: Limit = 20) -> Any:
        statement = select(Procedure).where(or_(col(Procedure.name).contains(q), col(Procedure.summary).contains(q)))
        return session.exec(statement.order_by(col(Procedure.id)).offset(offset).limit(limit)).all()

    return app


def bare_app(file: str) -> Any:
    """Build an application that returns recorded bytes and headers by path and query, or 304 if the ETag matches."""
    responses = {}
    for target, recorded in json.loads(Path(file).read_text(encoding="utf-8")).items():
        headers = [(name.encode(), value.encode()) for name, value in recorded["headers"]]
        etag = next((value for name, value in headers if name == b"etag"), b"")
        unchanged = [pair for pair in headers if pair[0] not in {b"content-length", b"content-type"}]
        responses[target.encode()] = (
            {"type": "http.response.start", "status": 200, "headers": headers},
            {"type": "http.response.body", "body": b64decode(recorded["body"])},
            {"type": "http.response.start", "status": 304, "headers": unchanged},
            etag,
        )
    empty = {"type": "http.response.body", "body": b""}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del receive
        if scope["type"] != "http":
            return
        start, body, unchanged, etag = responses[scope["raw_path"] + b"?" + scope["query_string"]]
        for name, value in scope["headers"]:
            if name == b"if-none-match" and value == etag:
                start, body = unchanged, empty
        await send(start)
        await send(body)

    return app


def main() -> None:
    """Serve `bare FILE PORT` or `plain FILE PORT`."""
    name, file, port = sys.argv[1:]
    app = bare_app(file) if name == "bare" else plain_app(file)
    uvicorn.run(app, host="127.0.0.1", port=int(port), access_log=False, log_level="error", server_header=False)


if __name__ == "__main__":
    main()
