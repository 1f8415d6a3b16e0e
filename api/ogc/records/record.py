"""One record: what the catalogue knows of a layer, of a service, or of a dataset that was loaded. Pure."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from shapely.geometry import box, mapping

from api.ogc.config import OGC_URL, PLACEHOLDER, VIETNAM
from api.ogc.files import TYPES
from api.ogc.links import titled
from api.ogc.records.words import CYCLES, TITLES, TOPICS
from geo.features import CRS84
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from shapely.geometry import Polygon

    from api.ogc.links import Link
    from api.ogc.negotiation import Language
    from api.ogc.records.loaded import Loaded
    from geo.features import Extent
    from geo.settings import Settings
    from layers.description import Layer

Kind = Literal["dataset", "service"]
Document = dict[str, Any]
TOPIC_SCHEME = "https://standards.iso.org/iso/19115/-3/mri/1.0/codelists.html#MD_TopicCategoryCode"
CYCLE_SCHEME = "https://standards.iso.org/iso/19115/-3/mmi/1.0/codelists.html#MD_MaintenanceFrequencyCode"
CORE = "http://www.opengis.net/spec/ogcapi-records-1/1.0/req/record-core"


@dataclass(frozen=True, slots=True)
class Record:
    """A record in one language, with what it is searched by; ``words`` are folded, in both languages."""

    id: str
    kind: Kind
    title: str
    properties: Document
    links: tuple[Document, ...]
    words: str
    external: tuple[tuple[str, str], ...] = ()
    area: Polygon | None = None
    days: tuple[date | None, date | None] | None = None

    @property
    def document(self) -> Document:
        """The record as GeoJSON, without the links of its own page."""
        interval = [day.isoformat() if day else ".." for day in self.days] if self.days else None
        external = [{"scheme": scheme, "value": value} for scheme, value in self.external]
        return {
            "id": self.id,
            "type": "Feature",
            "conformsTo": [CORE],
            "geometry": mapping(self.area) if self.area is not None else None,
            "time": {"interval": interval} if interval else None,
            "properties": {
                "type": self.kind,
                "title": self.title,
                **self.properties,
                **({"externalIds": external} if external else {}),
            },
            "links": list(self.links),
        }


def folded(text: str) -> str:
    """Without marks and capitals, as people type: "ha noi" for "Hà Nội"."""
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(char for char in plain if not unicodedata.combining(char)).casefold()


def layer_record(layer: Layer, extent: Extent, note: Text | None, language: Language) -> Record:
    """A layer, with its owner, licence, update cycle, lineage and quality."""

    def said(text: Text) -> str:
        return str(getattr(text, language))

    more = layer.catalogue
    described = f"{said(layer.description)} {said(note)}" if note else said(layer.description)
    texts = (
        layer.title,
        layer.description,
        layer.owner,
        *more.keywords,
        *(TOPICS[one] for one in more.topics),
    )
    properties: Document = {
        "description": described,
        "language": {"code": language},
        "languages": [{"code": "vi"}, {"code": "en"}],
        "resourceLanguages": [{"code": "vi"}],
        "keywords": [said(one) for one in more.keywords],
        "contacts": [_owner(said(layer.owner))],
        "license": said(layer.licence),
        "formats": [{"name": name, "mediaType": kind.partition(";")[0]} for name, kind in TYPES.items()],
        "updateCycle": {
            "code": more.update_cycle,
            "title": said(CYCLES[more.update_cycle]),
            "scheme": CYCLE_SCHEME,
        },
    }
    if more.topics:
        concepts = [{"id": topic, "title": said(TOPICS[topic])} for topic in more.topics]
        properties["themes"] = [{"concepts": concepts, "scheme": TOPIC_SCHEME}]
    if more.lineage:
        properties["lineage"] = said(more.lineage)
    if more.quality:
        properties["quality"] = said(more.quality)
    return Record(
        id=layer.name,
        kind="dataset",
        title=said(layer.title),
        properties=properties,
        links=tuple(_layer_links(layer, language)),
        words=_words([layer.name, *(word for text in texts for word in (text.vi, text.en))]),
        external=((f"{OGC_URL}/collections", layer.name),),
        area=box(*(extent.bbox or VIETNAM)),
        days=(extent.first_day, extent.last_day) if layer.valid_time else None,
    )


def service_record(settings: Settings, language: Language) -> Record:
    """The door through which the layers are read."""
    title = TITLES["ogc"]
    return Record(
        id="ogc-api",
        kind="service",
        title=getattr(title, language),
        properties={
            "description": getattr(title, language),
            "language": {"code": language},
            "languages": [{"code": "vi"}, {"code": "en"}],
            "contacts": [_owner(settings.province_name)],
            "license": getattr(TITLES["by_layer"], language),
        },
        links=(_link("about", OGC_URL, title, language, "application/json"),),
        words=_words(["ogc-api", title.vi, title.en]),
    )


def loaded_record(loaded: Loaded, layer: Layer, language: Language) -> Record:
    """A dataset that was loaded into a layer: for those who may see where data come from."""
    title = Text(vi=f"{layer.title.vi}: {loaded.source}", en=f"{layer.title.en}: {loaded.source}")
    how = TITLES["loaded"]
    moment = loaded.at.isoformat(timespec="seconds")
    return Record(
        id=f"dataset-{loaded.id}",
        kind="dataset",
        title=getattr(title, language),
        properties={
            "created": moment,
            "updated": moment,
            "language": {"code": language},
            "contacts": [_owner(getattr(layer.owner, language))],
            "license": getattr(layer.licence, language),
            "lineage": f"{getattr(how, language)} {loaded.source}; SHA-256 {loaded.sha256}; "
            f"{loaded.crs or ''} {loaded.operation or ''}".strip(),
        },
        links=(
            _link("collection", f"{OGC_URL}/collections/{layer.name}", layer.title, language),
            _link("related", f"{OGC_URL}/collections/catalogue/items/{layer.name}", layer.title, language),
        ),
        words=_words([title.vi, title.en, loaded.sha256]),
        external=(("sha256", loaded.sha256),),
    )


def _layer_links(layer: Layer, language: Language) -> list[Document]:
    collection = f"{OGC_URL}/collections/{layer.name}"
    page = f"{PLACEHOLDER}/docs/layers/{layer.name}"
    vectors = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"
    return [
        _link("collection", collection, layer.title, language),
        _link("item", f"{collection}/items", TITLES["items"], language, "application/geo+json"),
        _link(vectors, f"{collection}/tiles", TITLES["tiles"], language),
        *(
            _link(
                "enclosure",
                f"{collection}/items?f={name}",
                Text(vi=f"Tải về {name}", en=f"Download {name}"),
                language,
                kind.partition(";")[0],
            )
            for name, kind in TYPES.items()
        ),
        _link("describedby", page, TITLES["page"], language, "text/html"),
        _link("license", page, layer.licence, language, "text/html"),
    ]


def _link(rel: str, href: str, title: Text, language: Language, kind: str = "application/json") -> Link:
    return titled(rel, href, getattr(title, language), kind)


def _owner(name: str) -> Document:
    page = {"rel": "about", "type": "text/html", "href": f"{PLACEHOLDER}/docs/layers"}
    return {"organization": name, "roles": ["owner", "pointOfContact"], "links": [page]}


def _words(parts: Sequence[str]) -> str:
    return folded("\n".join(parts))


def systems() -> list[str]:
    """Coordinates of records are lon, lat in degrees and nothing else."""
    return [CRS84.uri]
