"""The description of a layer: value types of ``layer.yaml``, its code lists and its style. No I/O."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self
from xml.etree import ElementTree

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

FieldType = Literal["text", "integer", "number", "boolean", "date", "timestamp"]
GeometryType = Literal["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"]
Visible = Literal["public", "staff", "private"]
# ISO 19115-1, MD_MaintenanceFrequencyCode and MD_TopicCategoryCode.
UpdateCycle = Literal[
    "continual", "daily", "weekly", "monthly", "quarterly", "annually", "asNeeded", "irregular", "unknown"
]
Topic = Literal[
    "boundaries",
    "economy",
    "environment",
    "farming",
    "health",
    "location",
    "planningCadastre",
    "society",
    "structure",
    "transportation",
    "utilitiesCommunication",
]

NAME = re.compile(r"^[a-z][a-z0-9_]{0,48}$")
# What in an SVG speaks of something outside of it.
FOREIGN = re.compile(
    r"<!|<\?xml-stylesheet|<(image|use|script|style|foreignObject)\b|href\s*=|url\s*\(", re.IGNORECASE
)
SVG = "{http://www.w3.org/2000/svg}svg"
# Columns that every layer table has beside its own fields.
SYSTEM_COLUMNS = frozenset(
    {
        "id",
        "geom",
        "geom_3857",
        "visibility",
        "unit",
        "valid_from",
        "valid_to",
        "created_at",
        "updated_at",
        "search",
    }
)


def _identifier(name: str) -> str:
    if not NAME.match(name):
        raise ValueError(f"{name!r}: a name is lower-case Latin letters, digits and _, at most 49")
    return name


Identifier = Annotated[str, AfterValidator(_identifier)]


def _icon(text: str) -> str:
    if FOREIGN.search(text):
        raise ValueError("an icon has shapes of its own: no entities, pictures, links or style sheets")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 (it has no entities)
    except ElementTree.ParseError as error:
        raise ValueError(f"an icon is an SVG document: {error}") from None
    if root.tag != SVG:
        raise ValueError(f"an icon is an SVG document, and begins with <svg xmlns=…>, not with {root.tag}")
    return text


Icon = Annotated[str, Field(max_length=10_000), AfterValidator(_icon)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(_Frozen):
    """A text for people, Vietnamese first."""

    vi: str
    en: str


class Code(_Frozen):
    """One entry of a code list; ``source`` is the rule that defines code and colour (``#rrggbb``).

    ``aliases`` are other words that files write for it; one that ends in `` *`` stands for all that begin
    with its words ("xoài *": "Xoài cát Hòa Lộc").
    """

    code: str
    title: Text
    aliases: tuple[str, ...] = ()
    color: Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")] | None = None
    scheme: str | None = None
    source: str | None = None


class LayerField(_Frozen):
    """One attribute of a layer.

    ``visible``: ``public`` stands in the public projection, ``staff`` only in the table under row-level
    policies, ``private`` is personal data in its own schema, where every read is logged.

    ``aliases`` are other names that files give it (marks, case and blanks do not count), best first;
    ``derive`` says how an import fills it where a file has no such column: other fields in braces, or a text
    for all rows (an empty one for what is worked out later).
    ``NAME_min`` and ``NAME_max`` beside a text ``NAME`` are the bounds that its text says ("40–60").
    ``NAME_text`` beside a coded ``NAME`` keeps the words of a file that name several codes (ONT+CLN). What is
    not ``shown`` is for filters and exports, and is left out where a place is put in words.
    ``initial`` is the value with which everything begins: a file that says it (a list of yesterday) does not
    call back what has gone on since.
    """

    name: Identifier
    type: FieldType
    title: Text
    unit: str | None = None
    codes: Identifier | None = None
    required: bool = False
    visible: Visible = "public"
    search: bool = False
    tile: bool = False
    max_length: int | None = None
    aliases: tuple[str, ...] = ()
    derive: str | None = None
    initial: str | None = None
    shown: bool = True

    @model_validator(mode="after")
    def _own_name(self) -> Self:
        if self.name in SYSTEM_COLUMNS:
            raise ValueError(f"{self.name}: the name of a column that every layer has")
        return self


class Tiles(_Frozen):
    """Zooms at which the layer is drawn from tiles of its own; a client overzooms above ``max_zoom``."""

    min_zoom: Annotated[int, Field(ge=0, le=22)] = 0
    max_zoom: Annotated[int, Field(ge=0, le=22)] = 16


class Legend(_Frozen):
    """How the legend is made: the entries of ``field``'s code list, or one entry of one ``color``."""

    field: Identifier | None = None
    color: str | None = None
    shape: Literal["fill", "line", "circle"] = "fill"


class Catalogued(_Frozen):
    """What a catalogue tells of a layer: how often it changes, where it comes from, how good it is.

    ``topics``: of ISO 19115. ``keywords``: what people also call it.
    """

    update_cycle: UpdateCycle = "unknown"
    lineage: Text | None = None
    quality: Text | None = None
    topics: tuple[Topic, ...] = ()
    keywords: tuple[Text, ...] = ()


class Layer(_Frozen):
    """Everything that follows from a layer's folder. Geometry is stored in EPSG:4326, lon lat."""

    name: Identifier
    order: int = 100
    title: Text
    description: Text
    owner: Text
    licence: Text
    approximate: Text | None = None
    catalogue: Catalogued = Catalogued()
    geometry: GeometryType
    label: Identifier | None = None
    valid_time: bool = False
    # Fields (or unit, valid_from) by which an import knows a row again; without any by its place.
    identity: tuple[Identifier, ...] = ()
    # Whether neighbours share their edges: an import then looks for overlaps and gaps.
    coverage: bool = False
    random_ids: bool = False
    default_visibility: Annotated[int, Field(ge=0, le=2)] = 0
    public_grid_deg: float | None = None
    max_vertices: int = 200_000
    shown: bool = True
    tiles: Tiles = Tiles()
    legend: Legend = Legend(color="#5b6770")
    fields: tuple[LayerField, ...]
    codes: dict[str, tuple[Code, ...]] = {}
    style: tuple[dict[str, Any], ...] = ()
    # SVG by name; in a style ``<layer>:<name>``.
    icons: dict[Identifier, Icon] = {}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [field.name for field in self.fields]
        if len(names) != len(set(names)):
            raise ValueError(f"{self.name}: a field stands twice")
        for field in self.fields:
            if field.codes and field.codes not in self.codes:
                raise ValueError(f"{self.name}.{field.name}: no code list {field.codes}.yaml in the folder")
        if self.label is not None and self.label not in names:
            raise ValueError(f"{self.name}: label {self.label} is not a field")
        if unknown := set(self.identity) - {*names, "unit", "valid_from"}:
            raise ValueError(f"{self.name}: identity {', '.join(sorted(unknown))} is not a field")
        if self.legend.field is not None and self.field(self.legend.field).codes is None:
            raise ValueError(f"{self.name}: the legend's field {self.legend.field} has no code list")
        return self

    def field(self, name: str) -> LayerField:
        """The field of that name; ``KeyError`` where there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    def fields_for(self, *, staff: bool) -> tuple[LayerField, ...]:
        """The fields that a door may show: public ones, for staff those of staff too, never private ones."""
        seen = ("public", "staff") if staff else ("public",)
        return tuple(field for field in self.fields if field.visible in seen)

    @property
    def area_field(self) -> str | None:
        """The field that holds a feature's area, by its name and unit; it can be measured."""
        units = ("m²", "ha", "km²")
        areas = (
            f for f in self.fields if f.type == "number" and f.name.startswith("area") and f.unit in units
        )
        return next((field.name for field in areas), None)

    @property
    def private_fields(self) -> tuple[LayerField, ...]:
        """Fields with personal data, kept in the schema ``private``."""
        return tuple(field for field in self.fields if field.visible == "private")

    def code_title(self, field: LayerField, code: str) -> Text | None:
        """The words of a code, or None where the list does not have it."""
        if field.codes is None:
            return None
        return next((entry.title for entry in self.codes[field.codes] if entry.code == code), None)
