"""Pages about the data: pygeoapi makes the document, this door makes it true and renders it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import anyio
from jinja2 import Environment, FileSystemLoader
from pygeoapi.api import APIRequest

from api.ogc.config import OGC_URL, PLACEHOLDER, TEMPLATES
from api.ogc.scope import SCOPE, Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.ogc.negotiation import Format, Language
    from api.ogc.published import Door, Published
    from geo.database import Caller
    from geo.features import FeatureQuery

    Call = Callable[..., tuple[dict[str, str], int, Any]]
    Refine = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Ask:
    """What every page is asked with."""

    door: Door
    published: Published
    caller: Caller
    fmt: Format
    language: Language
    # The server's address, as the client knows it.
    base: str

    @property
    def scope(self) -> Scope:
        """The scope in which pygeoapi's plug-ins run."""
        return Scope(self.door.database, self.caller, self.published.layers, self.language)


@dataclass(frozen=True, slots=True)
class _Request:
    """As much of a request as pygeoapi reads: the rest was parsed strictly before."""

    query_params: dict[str, str]
    path: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def scope(self) -> dict[str, str]:
        return {"path": self.path}


async def page(ask: Ask, call: Call, arguments: tuple[str, ...], refine: Refine, template: str) -> bytes:
    """A page of which the answer depends on nothing but its kind, the language and the caller's fields.

    It is rendered once for each state of the catalogue.
    """
    key = (template, arguments, ask.fmt, ask.language, ask.caller.staff)
    known = ask.published.pages.get(key)
    if known is None:
        known = await _in_thread(ask.scope, partial(_page, ask, call, arguments, refine, template))
        ask.published.pages[key] = known
    return known


async def linked_data(ask: Ask, call: Call, arguments: tuple[str, ...], query: FeatureQuery) -> bytes:
    """JSON-LD of a page of features or of one, which pygeoapi makes through the provider."""
    scope = Scope(ask.door.database, ask.caller, ask.published.layers, ask.language, query)
    return await _in_thread(scope, partial(_call, ask, call, arguments))


async def html(ask: Ask, template: str, document: dict[str, Any]) -> bytes:
    """``document`` in one of the templates."""
    return await _in_thread(ask.scope, partial(_html, ask, template, document))


async def _in_thread[T](scope: Scope, work: Callable[[], T]) -> T:
    token = SCOPE.set(scope)
    try:
        return await anyio.to_thread.run_sync(work)
    finally:
        SCOPE.reset(token)


def _page(ask: Ask, call: Call, arguments: tuple[str, ...], refine: Refine, template: str) -> bytes:
    content = _call(ask, call, arguments)
    if ask.fmt == "jsonld":
        return content
    document = refine(json.loads(content))
    if ask.fmt == "html":
        return _html(ask, template, document)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _call(ask: Ask, call: Call, arguments: tuple[str, ...]) -> bytes:
    api = ask.published.api
    fmt = "jsonld" if ask.fmt == "jsonld" else "json"
    request = APIRequest(_Request({"f": fmt, "lang": ask.language}, "/ogc"), api.locales)
    _, status, content = call(api, request, *arguments)
    if status != 200:
        # Whatever a caller can get wrong was refused before.
        raise RuntimeError(f"pygeoapi answered {int(status)} to {call.__name__}: {content}")
    return content.encode() if isinstance(content, str) else json.dumps(content).encode()


def _html(ask: Ask, template: str, document: dict[str, Any]) -> bytes:
    data = {**document, "vi": ask.language == "vi", "lang": ask.language, "root": PLACEHOLDER, "ogc": OGC_URL}
    return _environment().get_template(template).render(data=data).encode()


@lru_cache(maxsize=1)
def _environment() -> Environment:
    # pygeoapi makes and compiles its templates anew for every page: 15 ms each.
    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
