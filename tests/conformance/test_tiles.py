"""OGC API Tiles 1 (20-057, annex A): tilesets of collections and of the whole, and their tiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import mapbox_vector_tile
import pytest

from tests.conformance.site import rel

if TYPE_CHECKING:
    from tests.conformance.site import Json, Site

BASE = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf"
CORE, LIST, TILESET = f"{BASE}/core", f"{BASE}/tilesets-list", f"{BASE}/tileset"
DATASET, GEODATA, MVT, OAS30 = (
    f"{BASE}/{name}" for name in ("dataset-tilesets", "geodata-tilesets", "mvt", "oas30")
)
TILESETS = tuple(
    f"http://www.opengis.net/def/rel/ogc/1.0/tilesets-{kind}" for kind in ("vector", "map", "coverage")
)
TILE_MATRIX_SETS = "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes"
DEFINITION = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
WEB_MERCATOR = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
FAR = 2**31 - 1
ats = pytest.mark.ats


@dataclass(frozen=True)
class Tile:
    """A place in a tile matrix set."""

    matrix: str
    row: int
    column: int

    def of(self, template: str) -> str:
        """Its address."""
        for name, value in (("Matrix", self.matrix), ("Row", self.row), ("Col", self.column)):
            template = template.replace(f"{{tile{name}}}", str(value))
        return template


@pytest.fixture(autouse=True)
def _declared(site: Site) -> None:
    site.needs(CORE)


def tilesets_lists(site: Site) -> list[str]:
    """The addresses of the lists of tilesets: the whole's, then the collections'."""
    owners = [site.landing, *site.all_collections]
    found = [site.link(link["href"]) for owner in owners for link in rel(owner["links"], *TILESETS)]
    assert found, "neither the landing page nor a collection links to tilesets"
    return list(dict.fromkeys(found))


def tilesets(site: Site) -> list[Json]:
    """Each tileset's own document."""
    found = []
    for address in tilesets_lists(site):
        for entry in site.get(address)["tilesets"]:
            (itself, *_) = [
                link for link in rel(entry["links"], "self") if "json" in link.get("type", "json")
            ]
            found.append(site.get(site.link(itself["href"])))
    assert found, "no tileset in any list"
    return found


def templates(tileset: Json) -> list[str]:
    return [link["href"] for link in tileset["links"] if "{tileMatrix}" in link.get("href", "")]


def inside(site: Site, tileset: Json) -> Tile:
    """A tile of the tileset: the first corner of its limits, or of the first matrix."""
    limits = tileset.get("tileMatrixSetLimits") or []
    if limits:
        return Tile(str(limits[0]["tileMatrix"]), limits[0]["maxTileRow"], limits[0]["minTileCol"])
    first = matrix_set(site, tileset)["tileMatrices"][0]
    return Tile(str(first["id"]), 0, 0)


def matrix_set(site: Site, tileset: Json) -> Json:
    if isinstance(tileset.get("tileMatrixSet"), dict):
        inline: Json = tileset["tileMatrixSet"]
        return inline
    (link, *_) = rel(tileset["links"], DEFINITION)
    return site.get(site.link(link["href"]))


@ats(CORE, "/conf/core/tc-op")
def test_tiles_are_there(site: Site) -> None:
    """Requirement /req/core/tc-op: every tileset has a template, and a tile of it answers."""
    for tileset in tilesets(site):
        assert templates(tileset), tileset.get("title")
        for template in templates(tileset):
            answer = site.ask(site.link(inside(site, tileset).of(template)), "*/*")
            assert answer.status_code in (200, 204), answer.url


@ats(CORE, "/conf/core/tc-tilematrix-definition")
def test_templates_name_the_matrix(site: Site) -> None:
    """Requirement /req/core/tc-tilematrix-definition."""
    for tileset in tilesets(site):
        assert all("{tileMatrix}" in template for template in templates(tileset))


@ats(CORE, "/conf/core/tc-tilerow-definition")
def test_templates_name_the_row(site: Site) -> None:
    """Requirement /req/core/tc-tilerow-definition."""
    for tileset in tilesets(site):
        assert all("{tileRow}" in template for template in templates(tileset))


@ats(CORE, "/conf/core/tc-tilecol-definition")
def test_templates_name_the_column(site: Site) -> None:
    """Requirement /req/core/tc-tilecol-definition."""
    for tileset in tilesets(site):
        assert all("{tileCol}" in template for template in templates(tileset))


@ats(CORE, "/conf/core/tc-success")
def test_a_tile_with_its_type(site: Site) -> None:
    """Requirement /req/core/tc-success: 200 with the media type of the link, or 204 for an empty one."""
    for tileset in tilesets(site):
        for link in tileset["links"]:
            if "{tileMatrix}" in link.get("href", ""):
                answer = site.ask(site.link(inside(site, tileset).of(link["href"])), "*/*")
                assert answer.status_code in (200, 204), answer.url
                if answer.status_code == 200:
                    assert answer.headers["content-type"].partition(";")[0] == link["type"].partition(";")[0]


@ats(CORE, "/conf/core/tc-error")
def test_a_tile_out_of_range(site: Site) -> None:
    """Requirement /req/core/tc-error: 404 or 400 beyond the limits, beyond the matrix, for no matrix."""
    for tileset in tilesets(site):
        here = inside(site, tileset)
        wrong = [Tile(here.matrix, FAR, FAR), Tile(here.matrix, -1, here.column), Tile("none", 0, 0)]
        if tileset.get("tileMatrixSetLimits"):
            wrong.append(Tile(here.matrix, here.row + 1, here.column))
        for template in templates(tileset):
            for tile in wrong:
                answer = site.ask(site.link(tile.of(template)), "*/*")
                assert answer.status_code in (400, 404), answer.url


@ats(LIST, "/conf/tilesets-list/tileset-links")
def test_lists_of_tilesets(site: Site) -> None:
    """Requirement /req/tilesets-list/tileset-links: at …/tiles, each entry with data type, CRS, TMS, self."""
    site.needs(LIST)
    for address in tilesets_lists(site):
        assert address.partition("?")[0].endswith("/tiles"), address
        for entry in site.get(address)["tilesets"]:
            assert entry["dataType"] in ("map", "vector", "coverage") and entry["crs"], address
            assert entry.get("tileMatrixSetURI") or rel(entry["links"], DEFINITION), address
            assert rel(entry["links"], "self"), address


@ats(TILESET, "/conf/tileset/description", "/conf/tileset/tmxslink", "/conf/tileset/success")
def test_tileset_metadata(site: Site) -> None:
    """Requirements of /req/tileset: type, system, tile matrix set by link, limits within it, tiles."""
    site.needs(TILESET)
    for tileset in tilesets(site):
        assert tileset["dataType"] in ("map", "vector", "coverage") and tileset["crs"]
        found = matrix_set(site, tileset)
        matrices = {str(matrix["id"]): matrix for matrix in found["tileMatrices"]}
        for limit in tileset.get("tileMatrixSetLimits", []):
            matrix = matrices[str(limit["tileMatrix"])]
            assert 0 <= limit["minTileRow"] <= limit["maxTileRow"] < matrix["matrixHeight"]
            assert 0 <= limit["minTileCol"] <= limit["maxTileCol"] < matrix["matrixWidth"]
        assert rel(tileset["links"], "item") and templates(tileset)


@ats(TILESET, "/conf/tileset/tmxslink")
def test_tile_matrix_sets(site: Site) -> None:
    """Requirement 24, as the suite asks it: /tileMatrixSets lists what is needed to ask for a tile."""
    site.needs(TILESET)
    listed = site.get("/tileMatrixSets")["tileMatrixSets"]
    assert listed
    for entry in listed:
        documents = [
            site.get(site.link(link["href"])) for link in entry["links"] if link["rel"] in ("self", "item")
        ]
        assert documents and all(document["tileMatrices"] for document in documents), entry
        for matrix in documents[0]["tileMatrices"]:
            assert {"id", "scaleDenominator", "cellSize", "pointOfOrigin"} <= set(matrix)
            assert {"tileWidth", "tileHeight", "matrixWidth", "matrixHeight"} <= set(matrix)


@ats(DATASET, "/conf/dataset-tilesets/landingpage", "/conf/dataset-tilesets/operation")
def test_tilesets_of_the_whole(site: Site) -> None:
    """Requirements of /req/dataset-tilesets: linked from the landing page."""
    site.needs(DATASET)
    found = rel(site.landing["links"], *TILESETS)
    assert found
    assert site.get(site.link(found[0]["href"]))["tilesets"]


@ats(GEODATA, "/conf/geodata-tilesets/desc-links", "/conf/geodata-tilesets/operation")
def test_tilesets_of_collections(site: Site) -> None:
    """Requirements of /req/geodata-tilesets: linked from the collections."""
    site.needs(GEODATA)
    found = [(one, link) for one in site.all_collections for link in rel(one["links"], *TILESETS)]
    assert found
    for one, link in found:
        assert site.get(site.link(link["href"]))["tilesets"], one["id"]


@ats(MVT, "/conf/mvt/content")
def test_vector_tiles(site: Site) -> None:
    """Requirement /req/mvt/content: what calls itself a Mapbox vector tile is one."""
    site.needs(MVT)
    read = 0
    for tileset in tilesets(site):
        for link in tileset["links"]:
            if "{tileMatrix}" not in link.get("href", "") or "vector-tile" not in link.get("type", ""):
                continue
            answer = site.ask(site.link(inside(site, tileset).of(link["href"])), link["type"])
            if answer.status_code == 200:
                for layer in mapbox_vector_tile.decode(answer.content).values():
                    assert layer["extent"] > 0 and layer["version"] >= 2
                read += 1
    if not read:
        pytest.skip("every tile that was asked for is empty")


@ats(OAS30, "/conf/oas30/completeness")
def test_openapi_has_the_tiles(site: Site) -> None:
    """Requirement /req/oas30/completeness: each template's path is in the API definition."""
    site.needs(OAS30)
    paths = [path for path in site.definition["paths"] if "{tileMatrix}" in path]
    assert paths and all("{tileRow}" in path and "{tileCol}" in path for path in paths)
