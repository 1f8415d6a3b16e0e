"""``diaban import``, ``datasets`` and ``rollback``: what a clerk types, reads and gets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
import shapely

from cli.main import main
from tests.etl.landing_ground import X, Y, parcel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg

    from geo.settings import Settings


@pytest.fixture(autouse=True)
def inside(settings: Settings, monkeypatch: pytest.MonkeyPatch, admin: psycopg.Connection) -> Iterator[None]:
    monkeypatch.setenv("DIABAN_PREPARED", "1")
    monkeypatch.setenv("DIABAN_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("DIABAN_SECRET", settings.secret.get_secret_value())
    monkeypatch.setenv("DIABAN_HOME", str(settings.home))
    yield
    admin.execute("TRUNCATE core.land_use CASCADE")
    admin.execute("DELETE FROM ops.dataset")


def parcels(file: Path, *more: dict[str, object]) -> Path:
    rows = [parcel(1, 0), parcel(2, 1), *more]
    columns = {name: [row[name] for row in rows] for name in rows[0] if name != "geom"}
    gpd.GeoDataFrame(columns, geometry=[row["geom"] for row in rows], crs="EPSG:4326").to_file(file)
    return file


def count(admin: psycopg.Connection) -> int:
    row = admin.execute("SELECT count(*) FROM core.land_use").fetchone()
    assert row is not None
    return int(row[0])


def test_a_clerk_looks_lands_and_undoes(
    admin: psycopg.Connection, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(parcels(tmp_path / "thửa.gpkg"))
    assert main(["import", file, "--into", "land_use"]) == 0
    said = capsys.readouterr().out
    assert "2 mới" in said and "--yes" in said and count(admin) == 0
    assert admin.execute("SELECT count(*) FROM ops.dataset").fetchone() == (0,)

    assert main(["import", file, "--into", "land_use", "--yes"]) == 0
    assert count(admin) == 2
    capsys.readouterr()
    assert main(["datasets", "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert (
        record["state"] == "landed" and record["source_name"] == "thửa.gpkg" and record["counts"]["new"] == 2
    )
    assert main(["datasets"]) == 0 and "thửa.gpkg" in capsys.readouterr().out
    assert main(["datasets", "show", str(record["id"])]) == 0 and "2 mới" in capsys.readouterr().out
    assert main(["rollback", str(record["id"])]) == 0
    assert count(admin) == 0


def test_reports_and_quarantine(
    admin: psycopg.Connection, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bow = shapely.Polygon([(X, Y), (X + 1e-3, Y + 1e-3), (X + 1e-3, Y), (X, Y + 1e-3)])
    file = str(parcels(tmp_path / "a.gpkg", parcel(3, 2, geom=bow)))
    out = [tmp_path / name for name in ("r.json", "r.html", "q.gpkg")]
    options = ["--report", str(out[0]), "--report", str(out[1]), "--quarantine", str(out[2])]
    assert main(["import", file, "--into", "land_use", *options]) == 4
    assert "Cách ly 1 dòng" in capsys.readouterr().out
    report = json.loads(out[0].read_text("utf-8"))
    assert report["rows"]["quarantined"] == 1 and report["faults"]["first"][0]["row"] == 3
    html = out[1].read_text("utf-8")
    assert "<circle" in html and "src=" not in html and "href=" not in html  # needs nothing else
    assert len(gpd.read_file(out[2])) == 1
    assert count(admin) == 0
    assert main(["import", file, "--into", "land_use", "--yes"]) == 4
    assert count(admin) == 2


def test_what_cannot_land(
    admin: psycopg.Connection, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = gpd.GeoDataFrame({"x": [1]}, geometry=[shapely.Point(X, Y)], crs="EPSG:4326")
    frame.to_file(tmp_path / "x.gpkg")
    assert main(["import", str(tmp_path / "x.gpkg"), "--into", "land_use", "--yes"]) == 1
    assert "✗" in capsys.readouterr().out and count(admin) == 0
    assert main(["import", str(tmp_path / "none.gpkg"), "--into", "land_use"]) != 0
    assert main(["import", str(tmp_path / "x.gpkg"), "--into", "nothing"]) != 0
    assert "land_use" in capsys.readouterr().err
