"""Routes of the HTML pages, the embeds and oEmbed."""

from fastapi import APIRouter

from app.web.embed import configurator, frames, oembed
from app.web.embed import routes as embed_routes
from app.web.pages import (
    compare,
    conditions,
    guide,
    home,
    lists,
    matrix,
    meta,
    procedures,
    relief,
    risks,
    search,
    sources,
    static_and_sitemap,
)

MODULES = (
    configurator,
    embed_routes,
    frames,
    oembed,
    compare,
    conditions,
    guide,
    home,
    lists,
    matrix,
    meta,
    procedures,
    relief,
    risks,
    search,
    sources,
    static_and_sitemap,
)
router = APIRouter(include_in_schema=False)
for module in MODULES:
    router.routes.extend(module.router.routes)
