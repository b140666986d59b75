"""Procedures by pain generators."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from app.models import Claim, PainGenerator, Procedure, Tag, Target

_target: Any = Target
_procedure: Any = Procedure
_generator: Any = PainGenerator
_claim: Any = Claim
_tag: Any = Tag


def list_matrix(
    connection: Connection, *, families: Sequence[str], roles: Sequence[str], body_regions: Sequence[str], limit: int
) -> Sequence[Any]:
    """The best supported edges, by procedure and pain generator in people's order; at most `limit`."""
    statement = (
        select(
            _target.procedure,
            _procedure.name.label("procedure_name"),
            _target.pain_generator,
            _generator.name.label("generator_name"),
            _generator.sort_name.label("generator_sort_name"),
            _target.role,
            _claim.grade,
            _target.claim_id,
        )
        .join(_procedure, _procedure.slug == _target.procedure)
        .join(_generator, _generator.slug == _target.pain_generator)
        .join(_claim, _claim.id == _target.claim_id)
        .where(_target.rank == 0)
    )
    if families:
        statement = statement.where(_procedure.family.in_(families))
    if roles:
        statement = statement.where(_target.role.in_(roles))
    if body_regions:
        in_region = select(_tag.slug).where(
            _tag.type == "pain_generator", _tag.kind == "body_region", _tag.value.in_(body_regions)
        )
        statement = statement.where(_target.pain_generator.in_(in_region))
    statement = statement.order_by(
        _procedure.sort_name, _procedure.slug, _generator.sort_name, _generator.slug, _target.role
    )
    return connection.execute(statement.limit(limit)).all()
