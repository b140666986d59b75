"""Choose what to embed, copy the lines, see the result. A plain form: it needs no script."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from starlette.datastructures import QueryParams

from app.http.context import Reading
from app.http.slug_resolution import slugs_of
from app.web.embed import snippets
from app.web.embed.builds import newest
from app.web.embed.snippets import ELEMENTS, Choice
from app.web.rendering import CSP, answered, asset_path, render

router = APIRouter(include_in_schema=False)
# Our own frames stand on this page.
_CSP: Final = CSP.replace("form-action", "frame-src 'self'; form-action")
_THEMES: Final = {
    "inherit": "As the page it stands on says (color-scheme)",
    "auto": "As the reader's device says",
    "light": "Light",
    "dark": "Dark",
}
_EXAMPLE: Final = "https://kb.example.org"
_WAYS: Final = {"element": "An element, part of your page", "frame": "A frame, apart from your page"}


@dataclass(frozen=True)
class Asked:
    """What the form asks for, with what stands in for a value that it does not know."""

    element: str
    procedures: tuple[str, ...]
    condition: str
    theme: str
    level: int
    way: str
    unknown: tuple[str, ...]


@router.get("/embed")
def show_configurator(request: Request) -> Response:
    """The configurator."""

    def make(read: Reading) -> Response:
        _ = read.release
        names = {kind: _ordered(slugs_of(read, kind)) for kind in ("procedure", "condition")}
        chosen = _asked(request.query_params, names)
        choice = _choice(chosen, names)
        base = read.settings.public_url or _EXAMPLE
        framed = chosen.way == "frame"
        lines = snippets.frame_line(choice, base) if framed else snippets.element_line(choice, base)
        return render(
            read,
            "embed/configurator.html",
            title="Put this on your website",
            path="/embed",
            csp=_CSP,
            chosen=chosen,
            choice=choice,
            elements=ELEMENTS,
            themes=_THEMES,
            ways=_WAYS,
            names=names,
            script=snippets.script_line(base, newest()),
            lines=lines,
            policy=snippets.policy_lines("{0.scheme}://{0.netloc}".format(urlsplit(base))),
            oembed=f"{base}{choice.page}" if choice.element != "kb-search" else "",
            example="" if read.settings.public_url else _EXAMPLE,
            build=newest(),
            configurator_js=asset_path("configurator.js"),
        )

    return answered(request, make)


def _ordered(names: dict[str, str]) -> dict[str, str]:
    return dict(sorted(names.items(), key=lambda pair: (pair[1].casefold(), pair[0])))


def _among(value: str | None, known: dict[str, str]) -> str:
    return value if value is not None and value in known else next(iter(known))


def _asked(given: QueryParams, names: dict[str, dict[str, str]]) -> Asked:
    procedures, condition = given.getlist("procedure"), given.get("condition", "")
    known = tuple(one for one in procedures if one in names["procedure"])[:12]
    unknown = [one[:80] for one in procedures if one not in names["procedure"]]
    unknown += [condition[:80]] if condition and condition not in names["condition"] else []
    return Asked(
        element=_among(given.get("element"), ELEMENTS),
        procedures=known or tuple(names["procedure"])[:1],
        condition=condition if condition in names["condition"] else next(iter(names["condition"]), ""),
        theme=_among(given.get("theme"), _THEMES),
        level=int(_among(given.get("level"), dict.fromkeys("23456", ""))),
        way=_among(given.get("way"), _WAYS),
        unknown=tuple(unknown),
    )


def _choice(asked: Asked, names: dict[str, dict[str, str]]) -> Choice:
    record, name = "", "Search pain procedures"
    if asked.element == "kb-procedure":
        record = next(iter(asked.procedures), "")
        name = names["procedure"].get(record, "")
    elif asked.element == "kb-options":
        record, name = asked.condition, f"Options: {names['condition'].get(asked.condition, '')}"
    elif asked.element == "kb-relief-chart":
        record, name = " ".join(asked.procedures), "How long relief lasts"
    return Choice(asked.element, record, name, asked.theme, asked.level)
