"""What people see: pages rendered on the server from the same documents that the API shows."""

from fastapi import APIRouter

from app.web.embed import configurator, frames, oembed
from app.web.embed import routes as documents
from app.web.pages import compare as comparing
from app.web.pages import conditions, guide, home, matrix, procedures, relief, risks, sources
from app.web.pages import lists as records
from app.web.pages import meta as about
from app.web.pages import search as searching
from app.web.pages import static_and_sitemap as files

MODULES = (
    configurator,
    documents,
    frames,
    oembed,
    about,
    comparing,
    conditions,
    files,
    guide,
    home,
    matrix,
    procedures,
    records,
    relief,
    risks,
    searching,
    sources,
)
router = APIRouter(include_in_schema=False)
for module in MODULES:
    router.routes.extend(module.router.routes)
