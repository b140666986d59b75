"""Index of the API and its vocabularies."""

from pydantic import Field

from app.schemas.building_blocks import Link, ResponseModel, SelfLink


class ResourceLink(ResponseModel):
    """Resource of the API."""

    name: str = Field(description="Operation id in the OpenAPI document.")
    href: Link
    templated: bool = Field(description="`href` has parameters in braces.")
    description: str = Field(description="What the resource is.")


class IndexLinks(ResponseModel):
    """Links of the index."""

    self: Link
    docs: Link
    openapi: Link = Field(description="OpenAPI 3.1.")
    openapi_3_0: Link = Field(description="OpenAPI 3.0.")
    health: Link = Field(description="Readiness of the service.")
    vocabulary: Link
    problems: Link = Field(description="Every problem code, explained.")


class ApiIndex(ResponseModel):
    """Version of the service, release of the content, and a link to every resource."""

    name: str = Field(description="Name of the service.")
    version: str = Field(description="Version of the service.")
    release: str = Field(description="Version of the current content release.")
    resources: list[ResourceLink] = Field(description="Every resource of the API.")
    links: IndexLinks


class VocabularyValue(ResponseModel):
    """Value of a closed list."""

    value: str = Field(description="Value, as responses and parameters use it.")
    label: str = Field(description="Label for display.")
    description: str | None = Field(description="Null: the label says it all.")
    order: int = Field(description="Place in the list, from 0.")


class VocabularyOut(ResponseModel):
    """Closed list of values."""

    name: str = Field(description="Name of the list.")
    label: str = Field(description="Label for display.")
    values: list[VocabularyValue] = Field(description="Values, in order.")


class VocabularyList(ResponseModel):
    """Every closed list of the API. Later versions may add values."""

    items: list[VocabularyOut] = Field(description="The lists.")
    links: SelfLink
