"""Domain errors: each with a code, the status it means, and a sentence for people. No HTTP import."""

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with a request: which parameter, what was sent, what would be right."""

    parameter: str
    value: str | None
    message: str


class KnowledgeBaseError(Exception):
    """Base of everything that the service says no with."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong"
    explanation: ClassVar[str] = ""
    # Refs of what stands in the place of a withdrawn record.
    replaced_by: tuple[Any, ...] = ()

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
        # Refs (dicts with type, slug, name) or texts that were probably meant, nearest first.
        self.suggestions = suggestions
        self.retry_after = retry_after


class ConfigurationError(Exception):
    """A setting is wrong: the message names it and the remedy."""


class BadRequest(KnowledgeBaseError):
    status = 400
    code = "bad_request"
    title = "The request cannot be parsed"
    explanation = (
        "Something in the address is not what HTTP or this API can read: a broken cursor, bad percent-encoding, a NUL."
    )


class InvalidCursor(BadRequest):
    code = "bad_cursor"
    title = "This is not a cursor of this list"
    explanation = (
        "A cursor is taken from `page.next` of the same list with the same filters and sort. Start again without one."
    )


class NotFound(KnowledgeBaseError):
    status = 404
    code = "not_found"
    title = "No such record"
    explanation = "Nothing has this slug or name. `suggestions` holds the nearest known ones."


class AmbiguousName(KnowledgeBaseError):
    status = 404
    code = "ambiguous_name"
    title = "Several records share this name"
    explanation = "The name belongs to more than one record: take the slug of one of the `suggestions`."


class MethodNotAllowed(KnowledgeBaseError):
    status = 405
    code = "method_not_allowed"
    title = "This service is read-only"
    explanation = "Only GET, HEAD and OPTIONS are answered. Content changes through the loader alone."

    def __init__(self, detail: str, *, allow: str = "GET, HEAD, OPTIONS") -> None:
        super().__init__(detail)
        # Every method that the address answers.
        self.allow = allow


class FeatureDisabled(KnowledgeBaseError):
    status = 404
    code = "not_installed"
    title = "This part of the service is not installed"
    explanation = "The address belongs to an optional extra that this installation does not have."


class Withdrawn(KnowledgeBaseError):
    status = 410
    code = "gone"
    title = "This record was withdrawn"
    explanation = "The record was published and has been withdrawn. `replaced_by` holds what replaces it."

    def __init__(self, detail: str, *, replaced_by: tuple[Any, ...] = ()) -> None:
        super().__init__(detail, suggestions=replaced_by)
        self.replaced_by = replaced_by


class ReleaseMismatch(KnowledgeBaseError):
    status = 410
    code = "release_gone"
    title = "Another release is current"
    explanation = "A cursor, or `release=`, belongs to an earlier release. Start again from the current one."


class BodyTooLarge(KnowledgeBaseError):
    status = 413
    code = "body_too_large"
    title = "The request body is too large"
    explanation = "What is posted to /mcp may have at most 65,536 bytes."


class BodyTooSlow(KnowledgeBaseError):
    status = 408
    code = "body_too_slow"
    title = "The request body did not arrive in time"
    explanation = "What is posted to /mcp must arrive within ten seconds."


class UriTooLong(KnowledgeBaseError):
    status = 414
    code = "uri_too_long"
    title = "The address is too long"
    explanation = "Path and query together may have at most 8,000 bytes."


class HeadersTooLarge(KnowledgeBaseError):
    status = 431
    code = "headers_too_large"
    title = "The header fields are too large"
    explanation = "All header fields together may have at most 16,000 bytes, and at most 100 of them."


class InvalidParameter(KnowledgeBaseError):
    status = 422
    code = "invalid_parameter"
    title = "A parameter is not allowed"
    explanation = "The request was read and is not allowed: an unknown parameter or value, one out of range, or one given twice. `errors` names each."


class TooManyRequests(KnowledgeBaseError):
    status = 429
    code = "too_many_requests"
    title = "Too many requests"
    explanation = "This address has sent more requests than the policy allows. Wait for `Retry-After` seconds."


class FormatNotOffered(KnowledgeBaseError):
    status = 501
    code = "format_not_offered"
    title = "This format is not offered"
    explanation = "oEmbed is answered as json or xml, as its specification names them."


class PreconditionFailed(KnowledgeBaseError):
    status = 412
    code = "precondition_failed"
    title = "The condition of the request does not hold"
    explanation = "nginx in front says this where If-Match or If-Unmodified-Since does not fit. Of conditions, send If-None-Match alone."


class RangeNotSatisfiable(KnowledgeBaseError):
    status = 416
    code = "range_not_satisfiable"
    title = "The range lies outside of the body"
    explanation = "nginx in front says this where Range asks for bytes that the body does not have."


class CodingNotRead(KnowledgeBaseError):
    status = 501
    code = "not_implemented"
    title = "This part of HTTP is not implemented"
    explanation = "nginx in front says this of a transfer coding other than chunked."


class VersionNotSpoken(KnowledgeBaseError):
    status = 505
    code = "version_not_supported"
    title = "This version of HTTP is not spoken"
    explanation = "nginx in front says this of a request line that names another version than HTTP/1.0 or HTTP/1.1."


class Unavailable(KnowledgeBaseError):
    status = 503
    code = "unavailable"
    title = "The database cannot be reached"
    explanation = "What is held in memory goes on being answered; this address is not. Wait for `Retry-After` seconds."


class Overloaded(KnowledgeBaseError):
    status = 503
    code = "overloaded"
    title = "Too much at once"
    explanation = "The service answers as many requests at once as it is set to, and this was one more. Wait for `Retry-After` seconds."


class ReplicaBehind(KnowledgeBaseError):
    status = 503
    code = "replica_behind"
    title = "This server has not received the release yet"
    explanation = (
        "The cursor belongs to a newer release than this server holds. Wait for `Retry-After` seconds and repeat."
    )


class NotLoaded(KnowledgeBaseError):
    status = 503
    code = "not_loaded"
    title = "No content is loaded"
    explanation = "The database holds no release yet. Run `procedure-kb load`, then repeat."


class InternalError(KnowledgeBaseError):
    status = 500
    code = "internal"
    title = "A fault of the service"
    explanation = "This is a defect of the service, not of the request. It has been logged with the request id."


def list_errors_by_code() -> dict[str, type[KnowledgeBaseError]]:
    """Every error by its code, for the pages at /problems/{code} and the OpenAPI document."""
    found: dict[str, type[KnowledgeBaseError]] = {}
    todo = list(KnowledgeBaseError.__subclasses__())
    while todo:
        cls = todo.pop(0)
        found[cls.code] = cls
        todo.extend(cls.__subclasses__())
    return dict(sorted(found.items()))


class TooCostly(KnowledgeBaseError):
    status = 422
    code = "too_costly"
    title = "The request asks for too much"
    explanation = "So many records match that answering would cost too much. Narrow the request and repeat."
