"""Edition of a clinic: what it adds to pages, embeds and leaflets. It can add, and hide nothing. Pure."""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from app.domain import patterns

# Backgrounds of the pages and of the embeds, by the color of the clinic that is used on them.
_PAPERS: Final = {"accent": ("#faf9f6", "#ffffff", "#f6f4ef"), "accent_dark": ("#12171c", "#1a2128", "#14191f")}
MIN_CONTRAST: Final = 4.5
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+")

Name = Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=600, strip_whitespace=True)]
WebAddress = Annotated[str, StringConstraints(pattern=patterns.WEB_URL, max_length=500)]
Telephone = Annotated[str, StringConstraints(pattern=patterns.TELEPHONE)]
Slug = Annotated[str, StringConstraints(pattern=patterns.SLUG)]
Color = Annotated[str, StringConstraints(pattern=patterns.COLOR)]


class _ClinicModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class ClinicColors(_ClinicModel):
    """Colors of links and buttons, with enough contrast on the papers of the pages."""

    accent: Color = Field(description="Color on light paper.")
    accent_dark: Color = Field(description="Color on dark paper.")

    @field_validator("accent", "accent_dark")
    @classmethod
    def _check_contrast(cls, color: str, info: object) -> str:
        name = getattr(info, "field_name", "accent")
        lowest = min(get_contrast(color, paper) for paper in _PAPERS[name])
        if lowest < MIN_CONTRAST:
            msg = f"its contrast with the paper is {lowest:.1f} to 1; text needs {MIN_CONTRAST} to 1"
            raise ValueError(msg)
        return color.lower()


class ClinicLocation(_ClinicModel):
    """Place of the clinic."""

    name: Name
    address: Text
    telephone: Telephone | None = None


class ClinicProcedure(_ClinicModel):
    """What the clinic adds to a procedure."""

    page_url: WebAddress | None = Field(default=None, description="The clinic's own page on the procedure.")
    preparation: tuple[Text, ...] = Field(default=(), description="Paragraphs of the clinic on how to prepare.")
    aftercare: tuple[Text, ...] = Field(default=(), description="Paragraphs of the clinic on the time afterwards.")


class ClinicEdition(_ClinicModel):
    """Edition of a clinic."""

    schema_url: str | None = Field(default=None, alias="$schema", description="JSON Schema of this file, for editors.")
    name: Name = Field(description="Name of the clinic.")
    logo: str | None = Field(
        default=None,
        pattern=patterns.LOGO,
        max_length=140_000,
        description="Logo as a data URL (SVG or PNG), so that no other host is asked for it.",
    )
    colors: ClinicColors | None = None
    telephone: Telephone | None = None
    hours: tuple[Name, ...] = Field(default=(), description="Opening hours, a line each.")
    booking_url: WebAddress | None = Field(default=None, description="Page where people book an appointment.")
    locations: tuple[ClinicLocation, ...] = ()
    emergency_number: str | None = Field(
        default=None, pattern=patterns.EMERGENCY_NUMBER, description="Emergency number of the country."
    )
    offered: tuple[Slug, ...] | None = Field(
        default=None, description="Slugs of the procedures that the clinic offers; the others are marked, not hidden."
    )
    procedures: dict[Slug, ClinicProcedure] = Field(default={}, description="Additions by the slug of a procedure.")

    @property
    def fingerprint(self) -> str:
        """Hash of what the clinic adds: part of what a response is a function of."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    @property
    def contact(self) -> list[str]:
        """Opening hours and places, a line each."""
        places = [
            f"{place.name}: {place.address}{f', {place.telephone}' if place.telephone else ''}"
            for place in self.locations
        ]
        return [*self.hours, *places]

    def offers(self, slug: str) -> bool:
        """Whether the clinic offers a procedure. Without a list it says nothing, and nothing is marked."""
        return self.offered is None or slug in self.offered

    def iter_sentences(self) -> Iterator[tuple[str, str]]:
        """Yield the pointer of each text of the clinic with each of its sentences."""
        for slug, addition in self.procedures.items():
            for field in ("preparation", "aftercare"):
                for number, text in enumerate(getattr(addition, field)):
                    for sentence in _SENTENCE_END.split(text):
                        yield f"/procedures/{slug}/{field}/{number}", sentence
        for number, line in enumerate(self.hours):
            yield f"/hours/{number}", line

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the JSON of an edition. Raises ValueError that names each wrong value by its JSON pointer."""
        try:
            document = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"it is not JSON: {error.msg}, line {error.lineno}, column {error.colno}") from None
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            raise ValueError(
                "; ".join(
                    f"/{'/'.join(map(str, failure['loc']))}: {patterns.validation_message(failure)}"
                    for failure in error.errors()
                )
            ) from None


def get_contrast(color: str, other: str) -> float:
    """Contrast ratio of two colors as `#rrggbb`, as WCAG 2.2 defines it."""
    lighter, darker = sorted((_get_luminance(color), _get_luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _get_luminance(color: str) -> float:
    channels = (int(color[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
