"""Which layer of a file with several is meant: the one whose geometry and column names are the target's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.attributes.names import name_score
from etl.types import Ambiguity, Answers, Guess, Note, Source, SourceLayer
from etl.wording import listed
from geo.errors import InvalidInput
from layers.description import Text

if TYPE_CHECKING:
    from layers.description import Layer

# A layer is taken without asking where it names so much of the target's fields and no other half as much.
ENOUGH, CLEARLY = 0.25, 0.5
CAD = ("DXF", "DGN")
# Kinds of geometry that a driver's word may stand for.
_OPEN = ("Unknown", "GeometryCollection", "None", "")


def inner_layer(
    source: Source, layer: Layer, answers: Answers
) -> tuple[SourceLayer | Ambiguity, tuple[Note, ...]]:
    """The layer to read, or the question; ``InvalidInput`` for an answer that names none."""
    names = [each.name for each in source.layers]
    if answers.inner_layer is not None:
        if answers.inner_layer not in names:
            shown = ", ".join(names)
            raise InvalidInput("inner_layer", answers.inner_layer, shown, shown)
        return source.layer(answers.inner_layer), ()
    if len(names) == 1:
        return source.layers[0], ()
    if (drawn := _of_a_drawing(source, layer)) is not None:
        return drawn, (_chosen(drawn, len(names)),)
    scored = sorted(
        ((likeness(each, layer), each) for each in source.layers),
        key=lambda pair: (-pair[0], not pair[1].parts),
    )
    (best, chosen), (second, _) = scored[0], scored[1]
    only = sum(_fits(each, layer) for each in source.layers) == 1
    if (only and best > 0) or (best >= ENOUGH and second <= CLEARLY * best):
        return chosen, (_chosen(chosen, len(names)),)
    guesses = tuple(
        Guess(each.name, _label(each), round(score, 3), (_shown(each),)) for score, each in scored
    )
    text = Text(vi="Tệp có nhiều lớp: cần chọn một.", en="The file has several layers: one must be chosen.")
    return Ambiguity("inner_layer", text, guesses, "--inner-layer"), ()


def _of_a_drawing(source: Source, layer: Layer) -> SourceLayer | None:
    """Of one drawing: the areas with their texts for a layer of areas, the bare elements for others.

    For a layer of points its blocks with attributes, where it has such.
    """
    if any(each.driver not in CAD or each.inner != source.layers[0].inner for each in source.layers):
        return None
    wanted = layer.geometry.removeprefix("Multi")
    made = [each for each in source.layers[1:] if each.geometry == wanted]
    return made[0] if len(made) == 1 else source.layers[0]


def likeness(found: SourceLayer, layer: Layer) -> float:
    """The share of the target's fields that a column is named like; 0 for another kind of geometry."""
    if not _fits(found, layer):
        return 0.0
    named = [
        max((name_score(layer, f.name, c.name) for c in found.columns), default=0.0) for f in layer.fields
    ]
    return sum(named) / max(len(named), 1)


def _fits(found: SourceLayer, layer: Layer) -> bool:
    """Whether its rows are of the target's kind; those of drawings may be, and walked lines are areas."""
    kinds = found.geometry.replace(" Z", "").replace("Multi", "").split(", ")
    wanted = layer.geometry.removeprefix("Multi")
    walked = found.driver == "GPX" and wanted == "Polygon" and "LineString" in kinds
    return found.rows != 0 and (
        walked or found.driver in CAD or any(kind in (*_OPEN, wanted) for kind in kinds)
    )


def _chosen(found: SourceLayer, count: int) -> Note:
    return Note(
        "inner_layer_chosen",
        "info",
        Text(
            vi=f"Tệp có {count} lớp; đọc «{found.name}» vì nó khớp với lớp nhận.",
            en=f"The file has {count} layers; '{found.name}' is read, it fits the target.",
        ),
    )


def _label(layer: SourceLayer) -> Text:
    if not layer.parts:
        return Text(vi=layer.name, en=layer.name)
    shown = listed(layer.parts, 4)
    return Text(
        vi=f"Tất cả {len(layer.parts)} lớp cùng dạng, đọc nối nhau: {shown}",
        en=f"All {len(layer.parts)} layers of one form, one after another: {shown}",
    )


def _shown(layer: SourceLayer) -> Text:
    rows = "?" if layer.rows is None else str(layer.rows)
    columns = ", ".join(each.name for each in layer.columns[:6])
    return Text(
        vi=f"{layer.driver}, {rows} dòng, {layer.geometry}; cột: {columns}",
        en=f"{layer.driver}, {rows} rows, {layer.geometry}; columns: {columns}",
    )
