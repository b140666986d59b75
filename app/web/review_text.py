"""Sentence on the review of a record, as pages, leaflets and embeds show it."""

from app.domain.json import Json


def describe_review(review: Json) -> str:
    """Say who reviewed a record and when, that this no longer holds, or that nobody has."""
    if review["status"] == "not_reviewed":
        return "No clinician has reviewed this."
    sentence = f"Reviewed by {review['reviewed_by']}, {review['credentials']}, on {review['reviewed_on']}."
    return (
        sentence if review["status"] == "reviewed" else f"{sentence} It has changed since: that review no longer holds."
    )


def describe_content_review(review: Json) -> str:
    """Say how many records of the content a clinician has reviewed."""
    count = review["reviewed_records"]
    if count == 0:
        return "No clinician has reviewed any of it."
    return f"A named clinician has reviewed {count:,} {'record' if count == 1 else 'records'} of it."
