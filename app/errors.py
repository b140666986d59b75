"""Domain errors, each with a code, an HTTP status, a title and an explanation. Nothing of HTTP is imported."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self


@dataclass(frozen=True)
class FieldError:
    """Problem with one parameter of a request: `value` is what the caller sent, `message` says what is allowed."""

    parameter: str
    value: str | None
    message: str


# Problems with parameters that one error tells; it counts the others.
MAX_FIELD_ERRORS: Final = 20


class KnowledgeBaseError(Exception):
    """Base class of the errors that are rendered as problem details."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal server error"
    explanation: ClassVar[str] = ""
    # Refs of the records that replace a withdrawn one.
    replaced_by: tuple[Any, ...] = ()
    # Number of problems with parameters beyond those in `errors`.
    omitted_errors: int = 0

    def __init__(
        self,
        detail: str,
        *,
        errors: tuple[FieldError, ...] = (),
        suggestions: tuple[Any, ...] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        # Refs (dicts with type, slug and name) or texts that the caller probably meant, nearest first.
        self.suggestions = suggestions
        self.retry_after = retry_after


class ConfigurationError(Exception):
    """Invalid setting: the message names it and the remedy."""


class BadRequest(KnowledgeBaseError):
    status = 400
    code = "bad_request"
    title = "The request cannot be parsed"
    explanation = "The URL is malformed (invalid cursor, percent-encoding or NUL byte)."


class InvalidCursor(BadRequest):
    code = "bad_cursor"
    title = "Invalid cursor"
    explanation = (
        "Take a cursor from `page.next` of the same list with the same filters and sort, or start over without one."
    )


class NotFound(KnowledgeBaseError):
    status = 404
    code = "not_found"
    title = "No such record"
    explanation = "No record has this slug or name. `suggestions` lists the nearest known ones."


class AmbiguousName(KnowledgeBaseError):
    status = 404
    code = "ambiguous_name"
    title = "Several records share this name"
    explanation = "The name belongs to more than one record. Use the slug of one of the `suggestions`."


class NotAcceptable(KnowledgeBaseError):
    status = 406
    code = "not_acceptable"
    title = "This format is not served"
    explanation = "FHIR is served as JSON (`application/fhir+json`) of the FHIR version of the path."


class MethodNotAllowed(KnowledgeBaseError):
    status = 405
    code = "method_not_allowed"
    title = "This service is read-only"
    explanation = "Only GET, HEAD and OPTIONS are allowed (POST at /mcp, and for searches and operations of FHIR). Content is changed only by the loader."

    def __init__(self, detail: str, *, allow: str = "GET, HEAD, OPTIONS") -> None:
        super().__init__(detail)
        # Methods that the URL supports.
        self.allow = allow


class FeatureDisabled(KnowledgeBaseError):
    status = 404
    code = "feature_disabled"
    title = "This feature is not enabled"
    explanation = "The URL belongs to an optional feature that is not enabled on this server."


class Withdrawn(KnowledgeBaseError):
    status = 410
    code = "gone"
    title = "This record was withdrawn"
    explanation = "The record was published and later withdrawn. `replaced_by` lists its replacements."

    def __init__(self, detail: str, *, replaced_by: tuple[Any, ...] = ()) -> None:
        super().__init__(detail, suggestions=replaced_by)
        self.replaced_by = replaced_by


class ReleaseMismatch(KnowledgeBaseError):
    status = 410
    code = "release_gone"
    title = "Release mismatch"
    explanation = "The cursor or `release=` names a release that is not current. Start over from the current one."


class BodyTooLarge(KnowledgeBaseError):
    status = 413
    code = "body_too_large"
    title = "The request body is too large"
    explanation = "A request body to /mcp may have at most 65,536 bytes."


class BodyTooSlow(KnowledgeBaseError):
    status = 408
    code = "body_too_slow"
    title = "The request body did not arrive in time"
    explanation = "A request body to /mcp must arrive within ten seconds."


class UriTooLong(KnowledgeBaseError):
    status = 414
    code = "uri_too_long"
    title = "The URL is too long"
    explanation = "Path and query together may have at most 8,000 bytes."


class HeadersTooLarge(KnowledgeBaseError):
    status = 431
    code = "headers_too_large"
    title = "The header fields are too large"
    explanation = "All header fields together may have at most 16,000 bytes, and at most 100 of them."


class InvalidParameter(KnowledgeBaseError):
    status = 422
    code = "invalid_parameter"
    title = "Invalid parameter"
    explanation = (
        "The request has invalid parameters: unknown, out of range, or given twice. `errors` lists the first 20 of them; "
        "`detail` says how many more there are."
    )

    @classmethod
    def from_errors(cls, errors: Sequence[FieldError], *, omitted: int = 0, suggestions: tuple[Any, ...] = ()) -> Self:
        """Error that lists the first problems, and counts the others: the rest of these, and `omitted` more."""
        listed = tuple(errors[:MAX_FIELD_ERRORS])
        omitted += len(errors) - len(listed)
        detail = "; ".join(f"{error.parameter}: {error.message}" for error in listed)[:2000]
        error = cls(f"{detail}; and {omitted} more" if omitted else detail, errors=listed, suggestions=suggestions)
        error.omitted_errors = omitted
        return error


class TooCostly(KnowledgeBaseError):
    status = 422
    code = "too_costly"
    title = "Too many matches"
    explanation = "Too many matches; narrow the query."


class TooManyRequests(KnowledgeBaseError):
    status = 429
    code = "too_many_requests"
    title = "Too many requests"
    explanation = "Sent by the nginx proxy: this client exceeds the rate limit. Wait for `Retry-After` seconds."


class FormatNotOffered(KnowledgeBaseError):
    status = 501
    code = "format_not_offered"
    title = "This format is not offered"
    explanation = "oEmbed is available as json or xml, the formats of its specification."


class PreconditionFailed(KnowledgeBaseError):
    status = 412
    code = "precondition_failed"
    title = "Precondition failed"
    explanation = "Sent by the nginx proxy if If-Match or If-Unmodified-Since does not match. Send only If-None-Match."


class RangeNotSatisfiable(KnowledgeBaseError):
    status = 416
    code = "range_not_satisfiable"
    title = "Range not satisfiable"
    explanation = "The file does not have the bytes that `Range` names. `Content-Range` says how many it has."

    def __init__(self, detail: str, *, complete_length: int = 0) -> None:
        super().__init__(detail)
        self.complete_length = complete_length


class TransferCodingNotSupported(KnowledgeBaseError):
    status = 501
    code = "not_implemented"
    title = "Transfer coding not supported"
    explanation = "Sent by the nginx proxy for a transfer coding other than chunked."


class HttpVersionNotSupported(KnowledgeBaseError):
    status = 505
    code = "version_not_supported"
    title = "HTTP version not supported"
    explanation = "Sent by the nginx proxy for an HTTP version other than 1.0 and 1.1."


class Unavailable(KnowledgeBaseError):
    status = 503
    code = "unavailable"
    title = "The database cannot be reached"
    explanation = "Cached responses are still served; this one is not cached. Wait for `Retry-After` seconds."


class Overloaded(KnowledgeBaseError):
    status = 503
    code = "overloaded"
    title = "Too many concurrent requests"
    explanation = "The server is at its concurrency limit. Wait for `Retry-After` seconds."


class ReplicaBehind(KnowledgeBaseError):
    status = 503
    code = "replica_behind"
    title = "This server has not received the release yet"
    explanation = "The cursor is from a newer release than this server has. Wait for `Retry-After` seconds and repeat."


class NotReady(KnowledgeBaseError):
    status = 503
    code = "not_ready"
    title = "This release is being prepared"
    explanation = "The server has just received this release and is still preparing it. Wait for `Retry-After` seconds and repeat."


class NotLoaded(KnowledgeBaseError):
    status = 503
    code = "not_loaded"
    title = "No content is loaded"
    explanation = "The database has no release yet. Run `procedure-kb load`, then repeat."


class InternalError(KnowledgeBaseError):
    status = 500
    code = "internal"
    title = "Internal server error"
    explanation = "This is a server error; the request was fine. The error has been logged with the request id."


def list_errors_by_code() -> dict[str, type[KnowledgeBaseError]]:
    """Return every error class by its code, sorted, for the pages at /problems/{code} and the OpenAPI document."""
    classes: dict[str, type[KnowledgeBaseError]] = {}
    pending = list(KnowledgeBaseError.__subclasses__())
    while pending:
        error_class = pending.pop(0)
        classes[error_class.code] = error_class
        pending.extend(error_class.__subclasses__())
    return dict(sorted(classes.items()))
