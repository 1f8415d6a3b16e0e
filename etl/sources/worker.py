"""The worker's side: one job on stdin, its answer on stdout, a refusal as one line of JSON on stderr.

Jobs: ``describe`` (the layers of a file, as JSON) and ``read`` (one layer's rows, as an Arrow stream).
"""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl.sources.process import REFUSED
from etl.sources.refusal import Refused, unreadable
from etl.types import Limits, Note
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from etl.sources.opened import Opened
    from etl.types import SourceLayer


class Without:
    """pyogrio imports these where they are installed and needs neither to read: half of a worker's start."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        """Not to be found; no word on others."""
        if name in ("geopandas", "pandas"):
            raise ModuleNotFoundError(name)


def main() -> int:
    """Do the job on stdin."""
    job = json.load(sys.stdin)
    limits = Limits(**job["limits"])
    _confine(limits)
    try:
        return _describe(job, limits) if job["do"] == "describe" else _read(job, limits)
    except Refused as refused:
        return _refuse(refused)
    except MemoryError:
        raise
    except _expected() as error:
        return _refuse(unreadable(Path(job["path"]).name, f"{type(error).__name__}: {error}"))


def _confine(limits: Limits) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (int(limits.total_s) + 1, int(limits.total_s) + 5))


def _expected() -> tuple[type[Exception], ...]:
    """What libraries raise for broken files."""
    import pyarrow
    from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, GeometryError
    from pyogrio.errors import FieldError as PyogrioFieldError

    own = (DataSourceError, DataLayerError, FeatureError, GeometryError, PyogrioFieldError)
    return (*own, pyarrow.ArrowException, ValueError, OSError, RuntimeError, KeyError, IndexError, EOFError)


def _refuse(refused: Refused) -> int:
    print(json.dumps({"code": refused.code, "vi": refused.vi, "en": refused.en}), file=sys.stderr)
    return REFUSED


def _describe(job: dict[str, Any], limits: Limits) -> int:
    layers: list[SourceLayer] = []
    opened, refusals = _opened(job, limits)
    for each in opened:
        try:
            layers += each.layers()
        except Refused as refused:
            refusals.append(refused)
    if refusals and not layers:
        raise refusals[0]
    if refusals:
        layers = [replace(each, notes=(*each.notes, _left(refusals))) for each in layers]
    json.dump([asdict(layer) for layer in layers], sys.stdout, default=lambda text: text.model_dump())
    return 0


def _left(refusals: list[Refused]) -> Note:
    """What an archive holds beside its data and cannot be read: said, never passed over."""
    return Note(
        "members_unreadable",
        "info",
        Text(
            vi=f"{len(refusals)} tệp trong gói không đọc được: " + " ".join(each.vi for each in refusals[:3]),
            en=f"{len(refusals)} files of the archive cannot be read: "
            + " ".join(each.en for each in refusals[:3]),
        ),
        len(refusals),
    )


def _read(job: dict[str, Any], limits: Limits) -> int:
    wanted = job["layer"]
    for opened in _opened(job, limits)[0]:
        if opened.inner == wanted["inner"]:
            _stream(opened.batches(wanted["inner_layer"], job["size"]))
            return 0
    raise Refused("layer_gone", "Tệp vừa bị đổi: đọc lại từ đầu.", "The file was changed: read it anew.")


def _stream(batches: Iterator[pa.RecordBatch]) -> None:
    import pyarrow as pa

    from etl.sources.frames import GEOMETRY

    writer = None
    for batch in batches:
        if writer is None:
            writer = pa.ipc.new_stream(sys.stdout.buffer, batch.schema)
        writer.write_batch(batch)
        sys.stdout.buffer.flush()
    if writer is None:
        writer = pa.ipc.new_stream(sys.stdout.buffer, pa.schema([(GEOMETRY, pa.binary())]))
    writer.close()


def _opened(job: dict[str, Any], limits: Limits) -> tuple[list[Opened], list[Refused]]:
    """The data sets of a file, each with its reader; and why others are none."""
    from etl.sources.opened import open_data_sets

    return open_data_sets(Path(job["path"]), Path(job["folder"]), limits)
