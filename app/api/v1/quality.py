"""What is known and how well, and where sources part."""

from fastapi import APIRouter, Response

from app.api.deps import Preconditioned, Reader, StrictRoute
from app.http.context import Reading
from app.openapi.responses import answers
from app.queries.documents import find_document
from app.schemas.quality import Disagreements, Quality

router = APIRouter(tags=["quality"], route_class=StrictRoute)


def _whole(read: Reading, slug: str, release: str | None) -> Response:
    read.require(release)
    _ = read.release
    return read.json(bytes(find_document(read.connection, "quality", slug) or b"{}"))


@router.get("/quality", response_model=Quality, responses=answers())
def get_quality(params: Preconditioned, read: Reader) -> Response:
    """Coverage by cited claims, of every record and of all together, with the gaps."""
    return _whole(read, "quality", params.release)


@router.get("/disagreements", response_model=Disagreements, responses=answers())
def get_disagreements(params: Preconditioned, read: Reader) -> Response:
    """Where like estimates part most, and where bodies or studies contradict each other."""
    return _whole(read, "disagreements", params.release)
