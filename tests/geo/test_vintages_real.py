"""Vintages on the real tables of Vietnam, where they lie beside the repository."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.units import names
from geo.vintages import Files, Request, Tolerances, activate, lines, revert, stage, topology
from geo.vintages.plan import make_plan
from geo.vintages.shares import shares
from geo.vintages.tables import read_links
from geo.vintages.types import Coverage, Known, UnitRow, Version
from tests.geo.test_vintages_life import at, picture
from tests.geo.vintage_ground import empty

if TYPE_CHECKING:
    import psycopg

    from geo.settings import Settings

SHARED = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason=f"real tables are not there: {SHARED}")
OLD = SHARED / "wards_2008"
MAPPING = SHARED / "ward_mapping"
# The old communes are thinned and 1,723 of them have no code: their ground is missing.
THINNED = Tolerances(overlap_ha=200, overlap_share=0.01, gap_ha=1e6, gap_share=1, uncovered_share=0.02)
DONG_THAP = "82"


def old_communes() -> gpd.GeoDataFrame:
    """Those that the crosswalk gives a code, each code once, with the names of the official list."""
    shapes = gpd.read_parquet(OLD / "vn_communes_2008.parquet", columns=["object_id", "geometry"])
    walk = pd.read_csv(OLD / "commune2008_to_gso_pre2025.csv.zst", dtype={"gso_2025_ward_code": str})
    listed = pd.read_csv(MAPPING / "units_before_2025-07.csv.zst", dtype=str)
    both = shapes.merge(walk[["object_id", "gso_2025_ward_code"]].dropna(), on="object_id").merge(
        listed, left_on="gso_2025_ward_code", right_on="wardCode"
    )
    both = both.drop_duplicates("wardCode")
    columns = {
        "code": both.wardCode,
        "name": both.ward,
        "province_code": both.provinceCode,
        "province_name": both.province,
        "district_name": both.district,
    }
    return gpd.GeoDataFrame(columns, geometry=both.geometry, crs=4326)


def links() -> pd.DataFrame:
    return pd.read_csv(MAPPING / "old_to_new_wards.csv.zst", dtype=str)


def new_wards() -> gpd.GeoDataFrame:
    columns = ["ward_code", "ward_name", "unit_type", "province_code", "province_name", "geometry"]
    return gpd.read_parquet(SHARED / "wards_2025/vn_wards_2025.parquet", columns=columns)


@pytest.fixture(scope="module")
def dong_thap(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("real")
    table = links()
    table = table[table.new_province_code == DONG_THAP]
    old, new = old_communes(), new_wards()
    files = {name: folder / name for name in ("old.parquet", "new.parquet", "links.csv")}
    old[old.code.isin(table.old_ward_code)].to_parquet(files["old.parquet"])
    new[new.province_code == DONG_THAP].to_parquet(files["new.parquet"])
    table.to_csv(files["links.csv"], index=False)
    return files


def counts(report: dict[str, Any]) -> dict[str, int]:
    return {group["check"]: group["count"] for group in report["groups"]}


def test_dong_thap(settings: Settings, admin: psycopg.Connection, dong_thap: dict[str, Path]) -> None:
    """102 wards with all their 161,000 vertices after 301 communes, and back."""
    empty(admin)
    old_files = Files(dong_thap["old.parquet"], {})
    refused = stage(settings, old_files, Request(date(2008, 1, 1), "thinned"), "test")
    assert not refused.report["possible"]
    assert {g["check"] for g in refused.report["groups"] if g["severity"] == "error"} == {"overlap", "gap"}
    first = stage(settings, old_files, Request(date(2008, 1, 1), "thinned", tolerances=THINNED), "test")
    assert first.vintage_id is not None
    activate(settings, first.vintage_id, "test")
    before = picture(admin)

    second = MAPPING / "trng28_old_to_new_10_25.csv.zst"
    files = Files(dong_thap["new.parquet"], {}, dong_thap["links.csv"], second)
    request = Request(date(2025, 7, 1), "NQ 202/2025/QH15", tolerances=Tolerances(uncovered_share=0.02))
    staged = stage(settings, files, request, "test")
    assert staged.report["possible"], lines(staged.report)
    found = counts(staged.report)
    assert found["overlap"] == 7
    assert found["mended"] == 4
    assert found["succession_old_unknown"] == 4
    # The table passes wards of Mỹ Tho, Cai Lậy and Sa Đéc to Cao Lãnh, 60 km away; the second table does not.
    assert found["law_without_ground"] == 6
    assert found["only_first"] == 7
    assert staged.vintage_id is not None
    activate(settings, staged.vintage_id, "test")

    from geo.types import LonLat

    cao_lanh = LonLat(105.6325, 10.4602)
    assert [name for _, name in at(settings, cao_lanh, date(2025, 7, 1))] == ["Phường Cao Lãnh"]
    assert at(settings, cao_lanh, date(2025, 6, 30)) != at(settings, cao_lanh, date(2025, 7, 1))
    revert(settings, staged.vintage_id, "test")
    assert picture(admin) == before


def test_the_nation(tmp_path: Path) -> None:
    """All 3,321 wards and 9,428 communes: what the tables say of each other. Lines are simplified to 100 m,
    so that the matter takes seconds; ``benchmarks/units.py`` runs them whole through the database."""
    old, new = old_communes(), new_wards()
    before, staged = known(old), coverage(new, "ward_code", "ward_name")
    table = read_links(MAPPING / "old_to_new_wards.csv.zst", before.units, staged)
    assert (len(table.links), table.by_name, len(table.repeated), len(table.unread)) == (10_597, False, 0, 0)
    lost = {link.new for link in table.links} - staged.at().keys()
    assert lost == {"06970"}  # Ba Chẽ: 06970 in this table, 06978 in the polygons
    matrix = shares(before.units.shapes, staged.shapes)
    plan = make_plan(
        before,
        known(old.iloc[:0]),
        staged,
        table.links,
        shares=matrix.table(),
        day=date(2025, 7, 1),
        taken=frozenset(),
    )
    gone = {before.units.rows[i].code for i in plan.vanished}
    assert gone == {"06970", "06973", "06982", "06988"}
    assert plan.reused == []
    assert plan.torn == []
    divided = {each.old for each in plan.passings if each.kind == "part"}
    assert 430 < len(divided) < 480
    second = read_links(MAPPING / "trng28_old_to_new_10_25.csv.zst", before.units, staged)
    assert second.by_name
    one, other = ({(x.old, x.new) for x in t.links} for t in (table, second))
    both = {old for old, _ in one} & {old for old, _ in other}
    differing = {pair for pair in one ^ other if pair[0] in both}
    assert len(both) > 9_000
    assert 100 < len(differing) < 600
    for row in staged.rows:
        assert names.kind_of(row.name) == row.kind


def coverage(frame: gpd.GeoDataFrame, code: str, name: str) -> Coverage:
    rows = tuple(
        UnitRow(c, n, names.kind_of(n) or "xa", p, q, d)
        for c, n, p, q, d in zip(
            frame[code], frame[name], frame.province_code, frame.province_name,
            frame.get("district_name", [None] * len(frame)), strict=True,
        )
    )  # fmt: skip
    raw = np.asarray(frame.geometry.array, dtype=object)
    if not len(raw):
        return Coverage(rows, raw)
    plain = shapely.simplify(raw, 1e-3, preserve_topology=False)
    bad = ~shapely.is_valid(plain)
    plain[bad] = shapely.make_valid(plain[bad], method="structure", keep_collapsed=False)
    return Coverage(rows, np.array([topology.multi(shape) for shape in plain], dtype=object))


def known(frame: gpd.GeoDataFrame) -> Known:
    units = coverage(frame, "code", "name")
    versions = tuple(Version(i, f"VN-{r.code}", date(2008, 1, 1), None) for i, r in enumerate(units.rows))
    return Known(versions, units)
