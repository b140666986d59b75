"""Index of the API, and its vocabularies."""

from fastapi import Response

from app import __version__
from app.api.deps import Context, create_router
from app.api.parameters import ReleaseQuery
from app.domain.json import Json
from app.domain.vocabulary_catalog import VOCABULARIES, Vocabulary
from app.errors import list_errors_by_code
from app.http.services import get_services
from app.schemas.index import ApiIndex, VocabularyList

router = create_router("service", prefix="/v1")


@router.get("", response_model=ApiIndex)
def get_api_index(_: ReleaseQuery, ctx: Context) -> Response:
    """Version, release, and a link to every resource."""
    base = ctx.settings.link_base
    resources = [
        {"name": route.name, "href": f"{base}{path}", "templated": "{" in path, "description": route.description}
        for path, route in get_services(ctx.request).api_routes
        if path != "/v1" and route.include_in_schema
    ]
    return ctx.json_response(
        {
            "name": "procedure-kb",
            "version": __version__,
            "release": ctx.release.version,
            "resources": resources,
            "links": {
                "self": f"{base}/v1",
                "docs": f"{base}/docs",
                "openapi": f"{base}/openapi.json",
                "openapi_3_0": f"{base}/openapi-3.0.json",
                "health": f"{base}/health/ready",
                "vocabulary": f"{base}/v1/vocabulary",
                "problems": f"{base}/problems",
            },
        }
    )


@router.get("/vocabulary", response_model=VocabularyList)
def get_vocabulary(_: ReleaseQuery, ctx: Context) -> Response:
    """Every closed list of the API: its values with label, description and order."""
    errors = list_errors_by_code()
    problem_codes = Vocabulary(
        "problem_code",
        "Code of a problem",
        {code: error.title for code, error in errors.items()},
        {code: error.explanation for code, error in errors.items()},
    )
    items = [_build_vocabulary(vocabulary) for vocabulary in (*VOCABULARIES, problem_codes)]
    return ctx.json_response({"items": items, "links": {"self": f"{ctx.settings.link_base}/v1/vocabulary"}})


def _build_vocabulary(vocabulary: Vocabulary) -> Json:
    return {
        "name": vocabulary.name,
        "label": vocabulary.label,
        "values": [
            {"value": value, "label": label, "description": vocabulary.descriptions.get(value), "order": order}
            for order, (value, label) in enumerate(vocabulary.labels.items())
        ],
    }
