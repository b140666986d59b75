"""OperationOutcome: the FHIR form of an error. Same errors as under /v1, with FHIR issue codes."""

from typing import Final

import orjson

from app.domain.json import Json
from app.errors import KnowledgeBaseError

MEDIA_TYPE: Final = b"application/fhir+json"
_ISSUE_CODES: Final = {
    "not_found": "not-found",
    "ambiguous_name": "multiple-matches",
    "method_not_allowed": "not-supported",
    "not_acceptable": "not-supported",
    "feature_disabled": "not-supported",
    "gone": "deleted",
    "release_gone": "expired",
    "uri_too_long": "too-long",
    "headers_too_large": "too-long",
    "too_costly": "too-costly",
    "too_many_requests": "throttled",
    "unavailable": "transient",
    "overloaded": "transient",
    "replica_behind": "transient",
    "not_ready": "transient",
    "not_loaded": "transient",
    "internal": "exception",
}


def is_fhir_path(path: str) -> bool:
    """Whether errors at this path are rendered as OperationOutcome."""
    return path == "/fhir" or path.startswith("/fhir/")


def render_operation_outcome(error: KnowledgeBaseError, link_base: str) -> bytes:
    """Render an error as the body of an OperationOutcome: one issue for each field error, or one for the whole error."""
    texts = [(f"{field.parameter}: {field.message}", field.parameter) for field in error.errors]
    if error.omitted_errors:
        texts.append((f"and {error.omitted_errors} more", ""))
    issues = [_build_issue(error, link_base, text, parameter) for text, parameter in texts or [(error.detail, "")]]
    return orjson.dumps({"resourceType": "OperationOutcome", "issue": issues})


def _build_issue(error: KnowledgeBaseError, link_base: str, text: str, parameter: str) -> Json:
    coding = {"system": "urn:procedure-kb:identifier:problem", "code": error.code, "display": error.title}
    names = [str(each["slug"]) if isinstance(each, dict) else str(each) for each in error.suggestions]
    hint = [f"Did you mean: {', '.join(names)}?"] if names else []
    issue: Json = {
        "severity": "fatal" if error.status >= 500 else "error",
        "code": _ISSUE_CODES.get(error.code, "invalid"),
        "details": {"coding": [coding], "text": text[:2000]},
        "diagnostics": " ".join([*hint, f"See {link_base}/problems/{error.code}"]),
    }
    return issue | ({"expression": [parameter]} if parameter.strip() else {})
