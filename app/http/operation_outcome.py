"""OperationOutcome: how an error is said under /fhir. The same errors as everywhere, in FHIR's words."""

from typing import Any, Final

import orjson

from app.errors import FieldError, KnowledgeBaseError

MEDIA_TYPE: Final = b"application/fhir+json"
_ISSUE_CODES: Final = {
    "not_found": "not-found",
    "ambiguous_name": "multiple-matches",
    "method_not_allowed": "not-supported",
    "not_installed": "not-supported",
    "gone": "deleted",
    "release_gone": "expired",
    "uri_too_long": "too-long",
    "headers_too_large": "too-long",
    "too_costly": "too-costly",
    "too_many_requests": "throttled",
    "unavailable": "transient",
    "overloaded": "transient",
    "replica_behind": "transient",
    "not_loaded": "transient",
    "internal": "exception",
}


def is_fhir_path(path: str) -> bool:
    """Is this an address whose errors are OperationOutcomes."""
    return path == "/fhir" or path.startswith("/fhir/")


def render_operation_outcome(error: KnowledgeBaseError, link_base: str) -> bytes:
    """The body of an OperationOutcome: one issue for each thing that is wrong, with the nearest known."""
    issues = [_build_issue(error, link_base, one) for one in error.errors] or [_build_issue(error, link_base, None)]
    return orjson.dumps({"resourceType": "OperationOutcome", "issue": issues})


def _build_issue(error: KnowledgeBaseError, link_base: str, one: FieldError | None) -> dict[str, Any]:
    coding = {"system": "urn:procedure-kb:identifier:problem", "code": error.code, "display": error.title}
    said = error.detail if one is None else f"{one.parameter}: {one.message}"
    near = [str(each["slug"]) if isinstance(each, dict) else str(each) for each in error.suggestions]
    more = [f"Nearest known: {', '.join(near)}."] if near else []
    issue: dict[str, Any] = {
        "severity": "fatal" if error.status >= 500 else "error",
        "code": _ISSUE_CODES.get(error.code, "invalid"),
        "details": {"coding": [coding], "text": said[:2000]},
        "diagnostics": " ".join([*more, f"See {link_base}/problems/{error.code}"]),
    }
    return issue | ({"expression": [one.parameter]} if one is not None and one.parameter.strip() else {})
