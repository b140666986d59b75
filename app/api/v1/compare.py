"""Two to six procedures side by side."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.api.deps import Precondition, Reader, StrictRoute, Text, resolved
from app.errors import FieldError, InvalidParameter
from app.formats.comparison import compare
from app.openapi.responses import answers
from app.queries.documents import list_documents
from app.schemas.comparison import Comparison

router = APIRouter(tags=["procedures"], route_class=StrictRoute)


class CompareParams(Precondition):
    """Procedures to compare."""

    procedure: list[Text] = Field(min_length=2, max_length=6, description="Repeated, two to six times: slug or name.")


@router.get("/compare", response_model=Comparison, responses=answers())
def compare_procedures(params: Annotated[CompareParams, Query()], read: Reader) -> Response:
    """Two to six procedures side by side, row by row; rows that differ are marked, unknown is said."""
    read.require(params.release)
    slugs = resolved(read, "procedure", "procedure", params.procedure)
    if len(slugs) < 2:
        message = "two different procedures are needed"
        raise InvalidParameter(f"procedure: {message}", errors=(FieldError("procedure", slugs[0], message),))
    bodies = list_documents(read.connection, "procedure", slugs)
    documents: list[dict[str, Any]] = [orjson.loads(bodies[slug]) for slug in slugs]
    return read.dump(compare(documents))
