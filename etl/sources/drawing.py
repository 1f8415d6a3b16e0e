"""Drawings (DXF, DGN) as areas with the texts that stand in them.

CAD knows no attributes: a parcel is a closed line, or lines that meet, and its number, code and area are
texts inside. Each text goes to the smallest area that holds it; texts are told apart by the layer (level) on
which they are drawn, and by their form where there is but one of a form in the area.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from etl.sources.columns import to_batch
from etl.sources.frames import GEOMETRY, note
from etl.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa
    from numpy.typing import NDArray

    from etl.sources.blocks import Blocks

    Geometries = NDArray[np.object_]

TEXT, ON = "Text", ("Layer", "Level")
# Columns made of texts by their form: the names that registers give them.
NUMBER, CODE, AREA = "so_thua", "loai_dat", "dien_tich_m2"
_FORMS = (
    (NUMBER, re.compile(r"\d{1,5}")),
    (CODE, re.compile(r"[A-ZĐ]{3}(?:[+;][A-ZĐ]{3})*")),
    (AREA, re.compile(r"^\d++[.,]\d++")),
)
_BETWEEN = re.compile(r"\\P|[\s/|]+")
# Layers of texts that become columns.
MOST_LAYERS = 40
# Lines whose ends are nearer than a centimetre are closed.
CLOSED_M = 0.01
_LINE, _POLYGON = shapely.GeometryType.LINESTRING, shapely.GeometryType.POLYGON
_MADE = note(
    "cad_polygonized",
    "repaired",
    "Vùng được dựng từ các đường ranh gặp nhau của bản vẽ.",
    "The area was made of lines of the drawing that meet.",
)


class Drawn(NamedTuple):
    """Everything drawn: shapes, the layer of each, its text or None, and what it is by its program."""

    shapes: Geometries
    layers: list[str]
    texts: list[str | None]
    handles: list[str | None]
    classes: list[str]

    def only(self, at: list[int]) -> Drawn:
        """Some of it."""
        return Drawn(
            self.shapes[at],
            [self.layers[n] for n in at],
            [self.texts[n] for n in at],
            [self.handles[n] for n in at],
            [self.classes[n] for n in at],
        )


def drawn(batches: Iterable[pa.RecordBatch]) -> Drawn:
    """All of a drawing, in memory: drawings are of one sheet or one plan."""
    shapes: list[Geometries] = []
    layers: list[str] = []
    texts: list[str | None] = []
    handles: list[str | None] = []
    classes: list[str] = []
    for batch in batches:
        wkb = batch.column(GEOMETRY).to_numpy(zero_copy_only=False)
        shapes.append(shapely.force_2d(shapely.from_wkb(wkb, on_invalid="ignore")))
        names = batch.schema.names
        on = next((name for name in ON if name in names), None)
        layers += (
            ["" if on is None else str(each) for each in batch.column(on).to_pylist()]
            if on
            else [""] * len(batch)
        )
        texts += _column(batch, TEXT)
        handles += _column(batch, "EntityHandle")
        classes += [each or "" for each in _column(batch, "SubClasses")]
    whole = np.concatenate(shapes) if shapes else np.empty(0, dtype=object)
    return Drawn(whole, layers, texts, handles, classes)


def _column(batch: pa.RecordBatch, name: str) -> list[str | None]:
    if name not in batch.schema.names:
        return [None] * len(batch)
    found: list[str | None] = batch.column(name).to_pylist()
    return found


def has_labels(drawing: Drawn, blocks: Blocks | None = None) -> bool:
    """Whether there are texts, or blocks that say something, and lines or areas that may hold them."""
    kinds = shapely.get_type_id(drawing.shapes)
    told = any(drawing.texts) or (blocks is not None and bool(blocks.values))
    return told and bool(np.isin(kinds, (_LINE, _POLYGON)).any())


def areas(drawing: Drawn, blocks: Blocks | None = None) -> pa.RecordBatch:
    """Areas with their texts: ``Layer`` of the outline, a column a layer of texts, and columns by form.

    Blocks that stand in an area give it a column an attribute.
    """
    shapes, on, made = _areas(drawing, 0 if blocks is None else len(blocks.values))
    labels = [at for at, text in enumerate(drawing.texts) if text and text.strip()]
    points = shapely.centroid(drawing.shapes[labels])
    inside: list[list[int]] = [[] for _ in shapes]
    for label, area in _holders(points, shapes):
        inside[area].append(labels[label])
    told = Counter(drawing.layers[at] for at in labels)
    kept = [layer for layer, _ in told.most_common(MOST_LAYERS)]
    columns: dict[str, list[object]] = {"Layer": list(on)}
    for layer in kept:
        name = layer if not layer.isdigit() else f"Text_{layer}"
        columns[name if name != "Layer" and name else "Text"] = [
            " ".join(str(drawing.texts[at]).strip() for at in held if drawing.layers[at] == layer) or None
            for held in inside
        ]
    known = {plain(name) for name in columns}
    if blocks is not None:
        for tag, values in _of_blocks(blocks, shapes).items():
            columns[tag if plain(tag) not in known else f"{tag}_2"] = values
        known |= {plain(name) for name in columns}
    for name, form in _FORMS:
        words = [_only(form, [str(drawing.texts[at]) for at in held]) for held in inside]
        if plain(name) not in known and any(words):
            columns[name] = list(words)
    wkb: list[bytes | None] = [bytes(each) for each in shapely.to_wkb(shapes)]
    return to_batch(wkb, [_MADE if made else None] * len(wkb), columns, frozenset())


def _of_blocks(blocks: Blocks, shapes: Geometries) -> dict[str, list[object]]:
    """The values of each attribute by area; several blocks of an area one after another."""
    inside: list[list[int]] = [[] for _ in shapes]
    for block, area in _holders(blocks.points, shapes):
        inside[area].append(block)
    return {
        tag: [" ".join(blocks.values[at].get(tag, "") for at in held).strip() or None for held in inside]
        for tag in blocks.tags
    }


def _only(form: re.Pattern[str], texts: list[str]) -> str | None:
    """The one word of a form among texts; None where there is none, or several to choose from."""
    found = {word for text in texts for word in _BETWEEN.split(text.strip()) if form.fullmatch(word)}
    return found.pop() if len(found) == 1 else None


def _areas(drawing: Drawn, said: int) -> tuple[Geometries, list[str], bool]:
    """Closed outlines; where labels or blocks outnumber them, the areas that all lines make between them."""
    kinds = shapely.get_type_id(drawing.shapes)
    lines = np.flatnonzero(kinds == _LINE)
    closed = lines[[_is_closed(each) for each in drawing.shapes[lines]]] if len(lines) else lines
    outlines = np.sort(np.concatenate([closed, np.flatnonzero(kinds == _POLYGON)])).astype(int)
    labels = max(sum(bool(text) for text in drawing.texts), said)
    if len(lines) > len(closed) and 2 * len(outlines) < labels:
        rings = shapely.get_exterior_ring(drawing.shapes[kinds == _POLYGON])
        noded = shapely.node(shapely.GeometryCollection([*drawing.shapes[lines], *rings]))
        cells = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
        if len(cells) > len(outlines):
            return cells, [""] * len(cells), True
    shapes = np.array([_polygon(each) for each in drawing.shapes[outlines]], dtype=object)
    return shapes, [drawing.layers[at] for at in outlines], False


def _is_closed(line: shapely.LineString) -> bool:
    ends = shapely.get_coordinates(line)
    return len(ends) >= 4 and bool(np.hypot(*(ends[0] - ends[-1])) <= CLOSED_M)


def _polygon(outline: shapely.LineString | shapely.Polygon) -> shapely.Polygon:
    if isinstance(outline, shapely.Polygon):
        return outline
    ring = shapely.get_coordinates(outline)
    ring[-1] = ring[0]
    return shapely.Polygon(ring)


def _holders(points: Geometries, shapes: Geometries) -> list[tuple[int, int]]:
    """Each point with the smallest area that holds it: sheets' frames hold everything."""
    if not len(points) or not len(shapes):
        return []
    point, area = shapely.STRtree(shapes).query(points, predicate="intersects")
    sizes = shapely.area(shapes)
    best: dict[int, int] = {}
    for at, holder in zip(point.tolist(), area.tolist(), strict=True):
        if at not in best or sizes[holder] < sizes[best[at]]:
            best[at] = holder
    return sorted(best.items())
