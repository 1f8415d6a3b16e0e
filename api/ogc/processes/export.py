"""``export``: a layer, or what of it is asked for, as one file, written in bounded memory."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import anyio

from api.ogc.files import TYPES, WRITERS
from api.ogc.parameters import feature_query
from api.ogc.processes.process import Description, Result, entry
from api.ogc.processes.stream import MAX_FILE_BYTES, too_large, write_csv, write_geojson, write_sequence
from geo.catalogue import Catalogue
from geo.errors import InvalidInput
from geo.features import CRS84, columns_for, offered_crs, read_batch
from geo.jobs import Output
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from api.ogc.processes.process import Ground
    from geo.database import Caller
    from geo.features import FeatureQuery
    from geo.jobs import Task
    from layers.description import Layer

MEDIA_TYPES = {"geojson": "application/geo+json", **TYPES}
# RFC 7946, 4: WGS 84 and no other system; the form has no place to name one.
ONLY_CRS84 = ("geojson", "geojsonseq")
LISTS = ("properties", "sortby")
BOX = {
    "type": "object",
    "format": "ogc-bbox",
    "required": ["bbox"],
    "properties": {
        "bbox": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6},
        "crs": {"type": "string"},
    },
    "additionalProperties": False,
}
NAMES = {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 60}, "maxItems": 100}


class Export:
    """The same questions as items, without a page's limit."""

    description = Description(
        id="export",
        version="1.0.0",
        title=Text(vi="Xuất lớp dữ liệu", en="Export a layer"),
        description=Text(
            vi="Ghi một lớp dữ liệu, hoặc phần được lọc, thành một tệp: GeoJSON, GeoJSONSeq, CSV, FlatGeobuf,"
            " GeoParquet, GeoPackage. Chỉ gồm dòng và cột mà người yêu cầu được xem; giữ 24 giờ.",
            en="Writes a layer, or what a filter leaves of it, as one file: GeoJSON, GeoJSONSeq, CSV,"
            " FlatGeobuf, GeoParquet, GeoPackage. It holds the rows and columns that the caller may see;"
            " kept for 24 hours.",
        ),
        inputs={
            "collection": entry(
                "Lớp dữ liệu", "Collection", {"type": "string", "maxLength": 60}, required=True
            ),
            "format": entry(
                "Dạng tệp", "File format", {"type": "string", "enum": list(MEDIA_TYPES), "default": "gpkg"}
            ),
            "filter": entry("Bộ lọc CQL2", "CQL2 filter", {"type": "string", "maxLength": 20_000}),
            "filter-lang": entry(
                "Dạng bộ lọc", "Filter language", {"type": "string", "enum": ["cql2-text", "cql2-json"]}
            ),
            "filter-crs": entry("Hệ toạ độ trong bộ lọc", "CRS of the filter", {"type": "string"}),
            "bbox": entry("Vùng", "Bounding box", BOX),
            "datetime": entry("Thời gian hiệu lực", "Valid time", {"type": "string", "maxLength": 100}),
            "crs": entry("Hệ toạ độ của tệp", "CRS of the file", {"type": "string", "format": "uri"}),
            "properties": entry("Các cột", "Properties", NAMES),
            "sortby": entry("Thứ tự", "Order", NAMES),
        },
        outputs={
            "file": Result(
                Text(vi="Tệp", en="File"),
                {
                    "oneOf": [
                        {
                            "type": "string",
                            "contentMediaType": kind.partition(";")[0],
                            "contentEncoding": "binary",
                        }
                        for kind in MEDIA_TYPES.values()
                    ]
                },
            )
        },
        # Nobody should wait on the line for a million rows.
        modes=("async-execute",),
    )

    def check(self, inputs: Mapping[str, Any], ground: Ground) -> None:
        """The layer is there for the caller, and the question is one that items would answer."""
        question(inputs, ground.layers, ground.caller, ground.province_code)

    async def run(self, task: Task) -> dict[str, Output]:
        """Write the file."""
        catalogue = Catalogue(task.database)
        await catalogue.refresh()
        layer, query = question(task.inputs, catalogue.layers, task.caller, task.settings.province_code)
        form = str(task.inputs.get("format", "gpkg"))
        name = f"{layer.name}.{ {'geojsonseq': 'geojsons'}.get(form, form) }"
        path = task.folder / name
        if form == "csv":
            await write_csv(task, layer, query, path)
        elif form == "geojson":
            await write_geojson(task, layer, query, path)
        elif form == "geojsonseq":
            await write_sequence(task, layer, query, path)
        else:
            await _through_writer(task, layer, query, path, form)
        return {"file": Output(MEDIA_TYPES[form], file=name)}


def question(
    inputs: Mapping[str, Any], layers: Mapping[str, Layer], caller: Caller, province_code: str
) -> tuple[Layer, FeatureQuery]:
    """The layer and what of it is asked for; ``InvalidInput`` names the input that is wrong."""
    name = inputs["collection"]
    if name not in layers:
        listed = ", ".join(layers)
        raise InvalidInput("collection", name, listed, listed)
    layer = layers[name]
    params = {
        key: str(inputs[key])
        for key in ("filter", "filter-lang", "filter-crs", "datetime", "crs")
        if key in inputs
    }
    params |= {key: ",".join(inputs[key]) for key in LISTS if key in inputs}
    if "bbox" in inputs:
        params["bbox"] = ",".join(map(str, inputs["bbox"]["bbox"]))
        if "crs" in inputs["bbox"]:
            params["bbox-crs"] = inputs["bbox"]["crs"]
    if params.get("crs", CRS84.uri) != CRS84.uri and inputs.get("format") in ONLY_CRS84:
        raise InvalidInput(
            "crs", params["crs"], f"với GeoJSON chỉ {CRS84.uri}", f"with GeoJSON only {CRS84.uri}"
        )
    columns = columns_for(layer, caller)
    return layer, feature_query(
        params, columns, valid_time=layer.valid_time, offered=offered_crs(province_code)
    )


async def _through_writer(task: Task, layer: Layer, query: FeatureQuery, path: Path, form: str) -> None:
    known = columns_for(layer, task.caller)
    columns = [known[name] for name in query.properties or ()]
    write = partial(WRITERS[form], str(path), layer, columns, query.crs)
    await anyio.to_thread.run_sync(lambda: write(_rows(task, layer, query, path)))


def _rows(task: Task, layer: Layer, query: FeatureQuery, path: Path) -> Iterator[list[tuple[Any, ...]]]:
    """Batches for a writer in a thread; read on the event loop."""
    rest: FeatureQuery | None = query
    done = 0
    while rest is not None:
        if path.exists() and path.stat().st_size > MAX_FILE_BYTES:
            raise too_large()
        batch = anyio.from_thread.run(read_batch, task.database, task.caller, layer, rest)
        yield batch.rows
        done += len(batch.rows)
        task.tell(None, Text(vi=f"Đã ghi {done} đối tượng", en=f"{done} features written"))
        rest = batch.rest
