"""A server of OGC APIs, seen only through HTTP: its landing page, links, API definition and collections."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest

GEOJSON = "application/geo+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
# OGC's suites look at three collections unless told otherwise, and at no more than twenty.
MOST_COLLECTIONS = 20

Json = dict[str, Any]
Links = list[dict[str, Any]]


@dataclass
class Site:
    """One server. ``root``: the address of its landing page, without a slash at the end."""

    root: str
    collections_asked: int = 0
    client: httpx2.Client = field(default_factory=lambda: httpx2.Client(timeout=400, follow_redirects=True))

    def url(self, path: str) -> str:
        """``path`` below the landing page, or a link as the server gives it (it may be relative)."""
        if path.startswith(("http://", "https://")):
            return path
        if path.startswith("/") and not path.startswith("//"):
            return self.root + path
        return urljoin(self.root + "/", path)

    def link(self, href: str) -> str:
        """The address of a link: a relative one starts at the landing page's host."""
        return urljoin(self.root + "/", href)

    def ask(self, path: str, accept: str = "application/json", **params: object) -> httpx2.Response:
        """GET; a parameter ``bbox_crs`` is sent as ``bbox-crs``."""
        url = httpx2.URL(self.url(path))
        named = {name.replace("_", "-"): str(value) for name, value in params.items()}
        return self.client.get(url.copy_merge_params(named), headers={"Accept": accept})

    def get(self, path: str, accept: str = "application/json", **params: object) -> Json:
        """The JSON of a GET that must succeed."""
        answer = self.ask(path, accept, **params)
        assert answer.status_code == 200, f"{answer.url}: {answer.status_code} {answer.text[:300]}"
        document = answer.json()
        assert isinstance(document, dict), answer.url
        return document

    @cached_property
    def landing(self) -> Json:
        """The landing page."""
        return self.get("/")

    @cached_property
    def declared(self) -> frozenset[str]:
        """The conformance classes that the server names."""
        return frozenset(self.get("/conformance")["conformsTo"])

    @cached_property
    def definition(self) -> Json:
        """The API definition that the landing page links to."""
        found = [
            link
            for link in rel(self.landing["links"], "service-desc")
            if link.get("type", "").replace(" ", "") == OPENAPI
        ]
        assert found, f"no service-desc link of the type {OPENAPI}"
        return self.get(self.link(found[0]["href"]), OPENAPI)

    @cached_property
    def all_collections(self) -> list[Json]:
        """Every collection as ``/collections`` lists it."""
        found: list[Json] = self.get("/collections")["collections"]
        return found

    @cached_property
    def collections(self) -> list[Json]:
        """Those of features that have items, as many as are to be looked at."""
        chosen = [
            one
            for one in self.all_collections
            if (one.get("itemType") or "feature").lower() == "feature" and rel(one["links"], "items")
        ]
        return chosen[: self.collections_asked or MOST_COLLECTIONS]

    def items(self, collection: Json) -> str:
        """The address of the items as GeoJSON."""
        found = [link for link in rel(collection["links"], "items") if link.get("type") == GEOJSON]
        assert found, f"{collection['id']}: no link to items as GeoJSON"
        return self.link(found[0]["href"])

    def parameter(self, collection: Json, name: str) -> Json | None:
        """A query parameter of the collection's items in the API definition, references followed."""
        for path in (f"/collections/{collection['id']}/items", "/collections/{collectionId}/items"):
            operation = self.definition["paths"].get(path, {}).get("get")
            if operation is None:
                continue
            for one in operation.get("parameters", []):
                found = self.resolved(one)
                if found["name"] == name:
                    return found
        return None

    def resolved(self, node: Json) -> Json:
        """What a local reference points to. Another document's is asked for."""
        while "$ref" in node:
            address, _, pointer = node["$ref"].partition("#")
            target: Any = self.definition if not address else self.get(address)
            for part in filter(None, pointer.split("/")):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def needs(self, *classes: str) -> None:
        """Skip the test where the server does not name the classes."""
        missing = [one for one in classes if one not in self.declared]
        if missing:
            pytest.skip(f"not declared: {missing[0]}")


def rel(links: Links, *relations: str) -> Links:
    """The links of these relations."""
    return [link for link in links if link.get("rel") in relations]


def complete(links: Links, *relations: str) -> None:
    """Links of these relations say relation and type."""
    bare = [link for link in rel(links, *relations) if not link.get("type") or not link.get("href")]
    assert not bare, f"links without rel, type or href: {bare}"


def alternates(links: Links, wanted: set[str]) -> None:
    """A link to itself and one to each other media type that the server promises."""
    (itself, *_) = rel(links, "self") or [{}]
    assert itself, "no link to itself (rel self)"
    complete(links, "self", "alternate")
    there = {link["type"].partition(";")[0] for link in rel(links, "alternate")}
    missing = wanted - {itself["type"].partition(";")[0]} - there
    assert not missing, f"no alternate link of the types {sorted(missing)}"
