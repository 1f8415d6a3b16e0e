"""Files that mean harm, and broken ones: a refusal that says why, in bounded memory and time."""

from __future__ import annotations

import os
import resource
import signal
import stat
import struct
import tempfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

from etl.sources import Refused, batches, nursery, open_source, process
from etl.sources.archives import unpack
from etl.sources.cells import CsvCells
from etl.sources.curves import straight
from etl.sources.nursery import NURSERY, Nursery
from etl.sources.process import environment
from etl.sources.shapefile import Shapefile
from etl.sources.sniff import kind
from etl.types import Limits

MB = 2**20
SMALL = Limits(unpacked_bytes=300 * MB, memory_bytes=1_500 * MB, idle_s=300, total_s=600)


def code_of(path: Path, limits: Limits = SMALL) -> str:
    """Why a file is refused, read to its end if need be."""
    with pytest.raises(Refused) as refused:
        source = open_source(path, limits)
        for layer in source.layers:
            for _ in batches(source, layer.name):
                pass
    return refused.value.code


def zipped(path: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def unpacking(path: Path, folder: Path, limits: Limits = SMALL) -> str:
    folder.mkdir(exist_ok=True)
    with pytest.raises(Refused) as refused:
        unpack(path, folder, limits)
    return refused.value.code


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.csv", "/etc/x.csv", "a/../../x.shp", "..\\x.csv", "C:/x.csv"]
)
def test_no_path_leads_out_of_an_archive(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "a.zip", (name, b"x,y\n1,2\n"))
    assert unpacking(path, tmp_path / "out") == "path_traversal"
    assert list((tmp_path / "out").iterdir()) == []


def test_no_link_leads_out_of_an_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        link = zipfile.ZipInfo("a.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert unpacking(tmp_path / "a.zip", tmp_path / "out") == "path_traversal"


def test_bombs_are_not_unpacked(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("a.csv", b"0" * (400 * MB)))
    assert path.stat().st_size < MB
    start = time.monotonic()
    assert unpacking(path, tmp_path / "out") == "zip_bomb"
    assert time.monotonic() - start < 60
    assert list((tmp_path / "out").iterdir()) == []
    many = zipped(tmp_path / "b.zip", *((f"{n}.csv", b"") for n in range(50)))
    assert unpacking(many, tmp_path / "out", Limits(members=40)) == "zip_bomb"


def test_an_archive_that_lies_about_its_sizes_is_stopped(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("a.csv", b"0" * (50 * MB)))
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 1000)  # the directory's word for the unpacked size
    path.write_bytes(data)
    limits = Limits(unpacked_bytes=10 * MB)
    assert unpacking(path, tmp_path / "out", limits) in ("zip_bomb", "unreadable")
    assert sum(each.stat().st_size for each in (tmp_path / "out").rglob("*")) <= 11 * MB


def test_archives_that_are_broken_locked_or_empty(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("a.csv", bytes(range(256)) * 400))
    path.write_bytes(path.read_bytes()[:-40])
    assert code_of(path) == "unreadable"
    assert code_of(zipped(tmp_path / "b.zip", ("readme.md", b"x"))) == "nothing_inside"
    locked = zipped(tmp_path / "c.zip", ("a.csv", b"x"))
    data = bytearray(locked.read_bytes())
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    locked.write_bytes(data)
    assert unpacking(locked, tmp_path / "out") == "encrypted"


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9))
    + ']><kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>&j;</name></Document></kml>'
)


@pytest.mark.parametrize("suffix", [".kml", ".gml", ".xml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_not_read(tmp_path: Path, suffix: str, encoding: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(LAUGHS.encode(encoding))
    with pytest.raises(Refused) as refused:
        kind(path)
    assert refused.value.code == "xml_entities"


@pytest.mark.parametrize("root", ["<OGRVRTDataSource>", "<VRTDataset x='1'>", "<html>"])
def test_files_that_open_other_files_are_not_read(tmp_path: Path, root: str) -> None:
    (tmp_path / "a.gml").write_text(f"<!-- <kml> -->{root}<OGRVRTLayer/>")
    with pytest.raises(Refused) as refused:
        kind(tmp_path / "a.gml")
    assert refused.value.code == "xml_root"


def written(folder: Path, file: str, count: int = 3_000) -> Path:
    rng = np.random.default_rng(1)
    shapes = shapely.buffer(shapely.points(rng.uniform(0, 1e6, (count, 2))), 10)
    frame = gpd.GeoDataFrame({"ten": ["x" * 40] * count}, geometry=shapes, crs=5897)
    if file.endswith("parquet"):
        frame.to_parquet(folder / file)
    else:
        pyogrio.write_dataframe(frame, folder / file)
    return folder / file


@pytest.mark.parametrize("file", ["a.shp", "a.gpkg", "a.fgb", "a.geojson", "a.parquet", "a.gml"])
def test_truncated_files_are_refused_never_half_read(tmp_path: Path, file: str) -> None:
    path = written(tmp_path, file)
    with path.open("rb+") as cut:
        cut.truncate(path.stat().st_size * 6 // 10)
    assert code_of(path) in ("truncated", "unreadable", "rows_missing", "reader_failed")


def test_a_truncated_table_of_a_shapefile_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "a.shp", 100)
    with (tmp_path / "a.dbf").open("rb+") as cut:
        cut.truncate(500)
    with pytest.raises(Refused) as refused:
        Shapefile(path, tmp_path)
    assert refused.value.code == "truncated"


def test_random_bytes_under_every_suffix_are_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).bytes(20_000)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for suffix in (
            "shp",
            "gpkg",
            "fgb",
            "geojson",
            "kml",
            "tab",
            "mif",
            "dgn",
            "dxf",
            "parquet",
            "xlsx",
            "xls",
        ):
            archive.writestr(f"{suffix}/a.{suffix}", noise)
    assert code_of(tmp_path / "all.zip") in (
        "unreadable",
        "not_its_format",
        "not_a_shapefile",
        "xml_root",
        "unknown_format",
        "part_missing",
    )


def test_a_shape_of_a_million_vertices_goes_to_quarantine_unparsed(tmp_path: Path) -> None:
    turn = np.linspace(0, 2 * np.pi, 1_200_000, endpoint=False)
    giant = shapely.Polygon(np.column_stack([5e5 + 1e4 * np.cos(turn), 1.1e6 + 1e4 * np.sin(turn)]))
    frame = gpd.GeoDataFrame(
        {"a": [1, 2]}, geometry=[giant, shapely.box(5e5, 1.1e6, 5.1e5, 1.11e6)], crs=5897
    )
    pyogrio.write_dataframe(frame, tmp_path / "a.gpkg")
    source = open_source(tmp_path / "a.gpkg")
    found = list(batches(source, "a"))
    faults = [fault for batch in found for fault in batch.faults]
    assert [(fault.row, fault.code) for fault in faults] == [(1, "too_many_vertices")]
    assert sum(shape is not None for batch in found for shape in batch.geometry) == 1


def test_a_reader_that_takes_too_much_memory_is_stopped(tmp_path: Path) -> None:
    name = "x" * 200
    with (tmp_path / "a.geojson").open("w") as file:
        file.write(
            '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null,"properties":{"a":"'
        )
        for _ in range(500):
            file.write(name * 5_000)
        file.write('"}}]}')
    code = code_of(tmp_path / "a.geojson", Limits(memory_bytes=900 * MB, idle_s=300, total_s=600))
    assert code in ("too_much_memory", "unreadable")


def test_a_reader_that_stalls_is_killed(tmp_path: Path) -> None:
    """Stopped in the middle, as on a share that is gone: it says nothing and does not end."""
    source = replace(open_source(written(tmp_path, "a.gpkg", 30_000)), limits=Limits(idle_s=2))
    _gone(NURSERY.pid)  # who described it may have told that it ended, and be there for a moment
    with pytest.raises(Refused) as refused:
        reading = batches(source, "a", size=10)
        next(reading)
        (pid,) = _below(NURSERY.pid)
        os.killpg(pid, signal.SIGSTOP)
        for _ in reading:
            pass
    assert refused.value.code == "too_slow"
    _gone(NURSERY.pid)


def test_a_reader_that_does_not_end_after_its_last_word_is_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays = (
        "import os, sys, time; from etl.sources import worker; work = worker.main; "
        "worker.main = lambda: (work(), sys.stdout.flush(), os.close(1), time.sleep(600)); "
    )
    own = _nursery(monkeypatch, stays)
    monkeypatch.setattr(process, "ENDING_S", 0.1)
    assert code_of(written(tmp_path, "a.gpkg", 3)) == "too_slow"
    _gone(own.pid)
    own.close()


def test_a_reader_is_in_its_group_before_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """A nursery that is held up after a fork: the keeper comes to its own fork first."""
    held_up = (
        "import os, time; put = os.setpgid; "
        "os.setpgid = lambda pid, group: (time.sleep(0.5 if pid else 0), put(pid, group)); "
    )
    own = _nursery(monkeypatch, held_up)
    with tempfile.TemporaryFile() as said:
        child = own.worker(tempfile.gettempdir(), said.fileno(), environment())
    (keeper,) = _below(own.pid)
    until = time.monotonic() + 60
    while not (found := _below(keeper)):
        assert time.monotonic() < until
        time.sleep(0.01)
    assert [os.getpgid(pid) for pid in found] == [keeper]
    child.kill()
    assert child.wait() == -signal.SIGKILL
    own.close()


def _nursery(monkeypatch: pytest.MonkeyPatch, first: str) -> Nursery:
    """A nursery that begins with ``first``, in the place of the process's own."""
    own = Nursery()
    monkeypatch.setattr(nursery, "_PROGRAM", first + nursery._PROGRAM)
    monkeypatch.setattr(process, "NURSERY", own)
    return own


def test_stopping_early_leaves_no_process_and_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "a.gpkg", 3_000)
    # Of its own: in the machine's, others read files at this moment.
    own = tmp_path / "temporary"
    own.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(own))
    source = open_source(path)
    reading = batches(source, "a", size=10)
    next(reading)
    assert list(own.glob("diaban-read-*"))
    reading.close()
    _gone(NURSERY.pid)
    assert list(own.iterdir()) == []


def test_a_long_table_is_streamed_in_little_memory(tmp_path: Path) -> None:
    with (tmp_path / "a.csv").open("w") as file:
        file.write("ten,X,Y\n")
        for n in range(400_000):
            file.write(f"Diem {n},{1_150_000 + n % 1000},{560_000 + n % 777}\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    source = open_source(tmp_path / "a.csv")
    assert sum(len(batch) for batch in batches(source, "a")) == 400_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KB


def test_tables_without_end_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n" + "1" * 5_000_000)
    (tmp_path / "b.csv").write_text("x,y\n" + "," * 5_000)
    (tmp_path / "c.csv").write_text('x,y\n"' + "1\n" * 3_000_000)
    for name, code in (("a", "line_too_long"), ("b", "too_many_columns"), ("c", "unreadable")):
        with pytest.raises(Refused) as refused:
            list(CsvCells(tmp_path / f"{name}.csv", Limits()).rows())
        assert refused.value.code == code


def test_curves_nested_without_end_are_refused() -> None:
    deep = struct.pack("<BII", 1, 9, 1) * 5_000
    with pytest.raises(ValueError, match=r"nested|short"):
        straight(deep)
    with pytest.raises(ValueError, match="short"):
        straight(struct.pack("<BII", 1, 8, 2**31))


def test_columns_called_like_statements_are_only_names(tmp_path: Path) -> None:
    odd = ['"; DROP TABLE core.zoning; --', "select", "a'b", "__geometry__"]
    frame = gpd.GeoDataFrame({name: [1] for name in odd}, geometry=[shapely.Point(1, 2)], crs=5897)
    pyogrio.write_dataframe(frame, tmp_path / "a.gpkg")
    (batch,) = batches(open_source(tmp_path / "a.gpkg"), "a")
    assert list(batch.columns) == [*odd[:3], "__geometry___2"]


def test_workers_know_nothing_of_their_parents_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIABAN_SECRET", "only-here")
    own = Nursery()
    with tempfile.TemporaryFile() as said:
        child = own.worker(tempfile.gettempdir(), said.fileno(), environment())
    (pid,) = _below(own.pid)
    assert b"only-here" not in Path(f"/proc/{pid}/environ").read_bytes()
    assert b"only-here" not in Path(f"/proc/{own.pid}/environ").read_bytes()
    child.kill()
    assert child.wait() == -signal.SIGKILL
    own.close()


def test_a_nursery_that_died_is_begun_anew(tmp_path: Path) -> None:
    path = written(tmp_path, "a.gpkg", 3)
    open_source(path)
    os.kill(NURSERY.pid, signal.SIGKILL)
    assert open_source(path).layers[0].rows == 3


def _gone(pid: int) -> None:
    """Wait until what it began is gone: killed, as soon as the kernel comes to it."""
    until = time.monotonic() + 60
    while _below(pid):
        assert time.monotonic() < until
        time.sleep(0.01)


def _below(pid: int) -> list[int]:
    """Processes that a process has begun and that still run."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(each) for one in lists for each in one.read_text().split()]
