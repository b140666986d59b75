"""Review file: the entry of a clinician's review in seed_data/reviews."""

import json
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from app.domain.patterns import validation_message
from app.seed.reader import REVIEW_FOLDER
from app.seed.schema import ReviewIn

_SCHEMA: Final = "../schema/review.json"


def write_review(root: Path, fields: dict[str, str]) -> Path:
    """Write the entry of a review, named after type, slug and date. Returns its path.

    Raises ValueError, and writes nothing, if a field is invalid or the entry exists.
    """
    try:
        review = ReviewIn.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        msg = f"{first['loc'][0]} {first['input']!r}: {validation_message(first)}"
        raise ValueError(msg) from None
    stem = f"{review.type.replace('_', '-')}-{review.slug}"[:69].rstrip("-")
    path = root / REVIEW_FOLDER / f"{stem}-{review.reviewed_on}.json"
    path.parent.mkdir(exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(json.dumps({"$schema": _SCHEMA, **review.model_dump()}, indent=1, ensure_ascii=False) + "\n")
    except FileExistsError:
        msg = f"{path.name} exists: a record has one review of a day; remove it to review again"
        raise ValueError(msg) from None
    return path
