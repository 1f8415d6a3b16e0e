"""What staging says of files: sound ones, wrong ones, and those that contradict the law's table."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
import shapely

from geo.errors import Conflict, InvalidInput
from geo.vintages import Files, Request, activate, lines, stage, vintages
from tests.geo.vintage_ground import (
    LINKS,
    NEW_DAY,
    D,
    S,
    W,
    cell,
    checks,
    empty,
    new_rows,
    old_rows,
    row,
    stage_new,
    stage_old,
    write,
    write_links,
)

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from geo.settings import Settings


@pytest.fixture(autouse=True)
def ground(admin: psycopg.Connection) -> psycopg.Connection:
    empty(admin)
    return admin


@pytest.fixture
def old(settings: Settings, tmp_path: Path) -> None:
    staged = stage_old(settings, tmp_path)
    assert staged.vintage_id is not None
    activate(settings, staged.vintage_id, "tester")


def group(staged: Any, check: str) -> dict[str, Any]:
    return next(each for each in staged.report["groups"] if each["check"] == check)


@pytest.mark.usefixtures("old")
def test_a_sound_vintage(settings: Settings, tmp_path: Path) -> None:
    staged = stage_new(settings, tmp_path)
    assert staged.report["possible"], lines(staged.report)
    assert checks(staged) == set()
    figures = staged.report["figures"]
    assert (figures["units"], figures["units_before"], figures["closed"]) == (4, 6, 6)
    assert (figures["units_new"], figures["units_version"]) == (3, 1)  # the renamed unit goes on
    assert (figures["succession_whole"], figures["succession_part"], figures["succession_rename"]) == (
        4,
        2,
        1,
    )
    assert figures["units_split"] == 1


@pytest.mark.usefixtures("old")
def test_staged_units_are_nowhere(settings: Settings, tmp_path: Path, admin: psycopg.Connection) -> None:
    def picture() -> tuple[Any, ...]:
        row = admin.execute(
            "SELECT (SELECT count(*) FROM core.admin_units), (SELECT count(*) FROM pub.admin_units),"
            " (SELECT count(*) FROM pub.admin_name), (SELECT count(*) FROM pub.admin_record),"
            " (SELECT count(*) FROM core.admin_part), (SELECT count(*) FROM ops.change_log)"
        ).fetchone()
        assert row is not None
        return row

    before = picture()
    assert stage_new(settings, tmp_path).vintage_id is not None
    assert picture() == before
    for role in ("diaban_public", "diaban_reader", "diaban_writer"):
        granted = admin.execute(
            "SELECT count(*) FROM pg_class WHERE relname IN ('staged_unit', 'staged_end', 'staged_province',"
            " 'staged_succession', 'admin_vintage') AND has_table_privilege(%s, oid, 'SELECT')",
            [role],
        ).fetchone()
        assert granted == (0,)


def test_overlap_above_tolerance_is_refused_and_placed(settings: Settings, tmp_path: Path) -> None:
    rows = old_rows()
    rows[0]["geometry"] = shapely.box(W, S + D, W + 1.5 * D, S + 2 * D)
    staged = stage(settings, Files(write(tmp_path, rows), {}), Request(date(2024, 1, 1), "x"), "t")
    found = group(staged, "overlap")
    assert found["severity"] == "error"
    assert not staged.report["possible"]
    (only,) = found["findings"]
    assert only["codes"] == ["30001", "30002"]
    assert W + D < only["lon"] < W + 1.5 * D
    assert only["amount"] == pytest.approx(0.5 * D * 111_320 * 0.983 * D * 110_600 / 1e4, rel=0.01)
    assert staged.vintage_id is not None
    with pytest.raises(Conflict, match="does not permit"):
        activate(settings, staged.vintage_id, "t")


def test_small_overlaps_and_gaps_are_listed_and_let_pass(settings: Settings, tmp_path: Path) -> None:
    rows = old_rows()
    metre = 1e-5
    rows[0]["geometry"] = shapely.box(W, S + D, W + D + metre, S + 2 * D)
    rows[4]["geometry"] = shapely.box(W + D, S, W + 2 * D, S + D).difference(
        shapely.box(W + 1.4 * D, S + 0.4 * D, W + 1.4 * D + 5 * metre, S + 0.4 * D + 5 * metre)
    )
    staged = stage(settings, Files(write(tmp_path, rows), {}), Request(date(2024, 1, 1), "x"), "t")
    assert staged.report["possible"]
    assert checks(staged, "warning") == {"overlap", "gap"}
    (gap,) = group(staged, "gap")["findings"]
    assert gap["lon"] == pytest.approx(W + 1.4 * D, abs=1e-4)
    assert gap["codes"] == ["30005"]


def test_a_hole_as_large_as_a_ward_is_refused(settings: Settings, tmp_path: Path) -> None:
    rows = [row(f"3000{i}", f"Xã {i}", cell(i % 3, i // 3)) for i in range(9) if i != 4]
    staged = stage(settings, Files(write(tmp_path, rows), {}), Request(date(2024, 1, 1), "x"), "t")
    assert checks(staged, "error") == {"gap"}


@pytest.mark.usefixtures("old")
def test_a_missing_ward_at_the_edge_is_refused(settings: Settings, tmp_path: Path) -> None:
    staged = stage_new(settings, tmp_path, new_rows()[1:], [link for link in LINKS if link[1] != "30001"])
    assert checks(staged, "error") == {"vanished", "uncovered"}
    assert {code for each in group(staged, "vanished")["findings"] for code in each["codes"]} == {
        "30001",
        "30002",
    }


@pytest.mark.usefixtures("old")
def test_a_table_that_names_units_which_are_not_there(settings: Settings, tmp_path: Path) -> None:
    links = [*LINKS, ("39999", "30001", ""), ("30006", "38888", ""), LINKS[0]]
    staged = stage_new(settings, tmp_path, links=links)
    assert checks(staged, "error") == {"succession_new_unknown"}
    assert checks(staged, "warning") == {"succession_old_unknown", "succession_repeated"}


@pytest.mark.usefixtures("old")
def test_a_table_that_the_ground_contradicts(settings: Settings, tmp_path: Path) -> None:
    links = [link for link in LINKS if link[:2] != ("30005", "30004")] + [("30002", "30005", "Nhập một phần")]
    staged = stage_new(settings, tmp_path, links=links)
    assert staged.report["possible"]
    (lawless,) = group(staged, "ground_without_law")["findings"]
    assert "30005 Xã Xa Dung → 30004 Xã Thủy Tân: 50.0%" in lawless["vi"]
    (groundless,) = group(staged, "law_without_ground")["findings"]
    assert "30002 Phường Hòa Bình → 30005 Xã Mỹ Thọ" in groundless["vi"]


@pytest.mark.usefixtures("old")
def test_without_a_table_a_reused_code_is_refused(settings: Settings, tmp_path: Path) -> None:
    staged = stage_new(settings, tmp_path, links=[])
    assert {"code_reused", "vanished"} <= checks(staged, "error")
    reused = {code for each in group(staged, "code_reused")["findings"] for code in each["codes"]}
    assert reused == {"30001", "30005"}  # 30004 kept its name and most of its ground


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"ward_code": "30002"}, "duplicate_code"),
        ({"ward_code": "3001"}, "missing"),
        ({"ward_code": None}, "missing"),
        ({"ward_name": "  "}, "missing"),
        ({"ward_name": "Sông Tiền"}, "missing"),  # neither name nor column tells the kind
        ({"province_code": "Đồng Tháp"}, "missing"),
        ({"geometry": shapely.Point(W, S)}, "shape"),
        ({"geometry": shapely.Polygon()}, "shape"),
    ],
)
def test_nothing_is_stored_of_a_file_with_unusable_rows(
    settings: Settings, tmp_path: Path, change: dict[str, Any], check: str
) -> None:
    rows = old_rows()
    rows[0] |= change
    staged = stage(settings, Files(write(tmp_path, rows), {}), Request(date(2024, 1, 1), "x"), "t")
    assert staged.vintage_id is None
    assert check in checks(staged, "error")
    assert vintages(settings) == []


def test_rings_that_cross_are_mended_and_said(settings: Settings, tmp_path: Path) -> None:
    rows = old_rows()
    spike = [(W, S + D), (W, S + 2 * D), (W + D, S + 2 * D), (W + D, S + D), (W + D / 2, S + D),
             (W + D / 2 + 1e-5, S + D + 1e-5), (W + D / 2, S + D + 1e-5),
             (W + D / 2 + 1e-5, S + D)]  # fmt: skip
    rows[0]["geometry"] = shapely.Polygon(spike)
    assert not rows[0]["geometry"].is_valid
    staged = stage(settings, Files(write(tmp_path, rows), {}), Request(date(2024, 1, 1), "x"), "t")
    assert "mended" in checks(staged, "warning")
    assert staged.report["possible"], lines(staged.report)
    bowtie = shapely.Polygon([(W, S + D), (W + D, S + 2 * D), (W + D, S + D), (W, S + 1.8 * D)])
    rows[0]["geometry"] = bowtie  # mending changes a quarter of the area: not for a program to decide
    refused = stage(settings, Files(write(tmp_path, rows), {}), Request(date(2024, 1, 1), "x"), "t")
    assert checks(refused, "error") == {"shape"}


def test_the_kind_column_gives_way_to_the_name(settings: Settings, tmp_path: Path) -> None:
    rows = old_rows()
    for each in rows:
        each["unit_type"] = "phường"
    staged = stage(settings, Files(write(tmp_path, rows), {}), Request(date(2024, 1, 1), "x"), "t")
    assert group(staged, "kind")["count"] == 4
    assert group(staged, "kind")["severity"] == "warning"


@pytest.mark.parametrize("name", ["units.gpkg", "units.geojson", "units.parquet"])
def test_formats(settings: Settings, tmp_path: Path, name: str) -> None:
    staged = stage(
        settings, Files(write(tmp_path, old_rows(), name), {}), Request(date(2024, 1, 1), "x"), "t"
    )
    assert staged.report["figures"]["units"] == 6
    assert staged.report["possible"], lines(staged.report)


def test_vn2000_goes_to_wgs84_by_the_one_right_operation(
    settings: Settings, tmp_path: Path, admin: psycopg.Connection
) -> None:
    from geo.crs import from_wgs84, zone

    rows = old_rows()
    for each in rows:
        each["geometry"] = from_wgs84(each["geometry"], zone(5897))
    staged = stage(
        settings, Files(write(tmp_path, rows, crs="EPSG:5897"), {}), Request(date(2024, 1, 1), "x"), "t"
    )
    box = admin.execute("SELECT min(ST_XMin(geom)), min(ST_YMin(geom)) FROM core.staged_unit").fetchone()
    assert box == pytest.approx((W, S), abs=1e-8)
    assert staged.report["figures"]["units"] == 6


@pytest.mark.parametrize(
    ("crs", "said"), [(None, "(không ghi · none)"), ("EPSG:3857", "EPSG:3857"), ("EPSG:6957", "EPSG:6957")]
)
def test_other_systems_are_refused(settings: Settings, tmp_path: Path, crs: str | None, said: str) -> None:
    file = write(tmp_path, old_rows(), crs=crs)
    with pytest.raises(InvalidInput) as error:
        stage(settings, Files(file, {}), Request(date(2024, 1, 1), "x"), "t")
    assert (error.value.parameter, error.value.value) == ("crs", said)
    assert vintages(settings) == []


def test_swapped_axes_are_refused(settings: Settings, tmp_path: Path) -> None:
    rows = old_rows()
    for each in rows:
        each["geometry"] = shapely.transform(each["geometry"], lambda xy: xy[:, ::-1])
    with pytest.raises(InvalidInput, match="swapped"):
        stage(settings, Files(write(tmp_path, rows), {}), Request(date(2024, 1, 1), "x"), "t")


def test_files_that_are_none(settings: Settings, tmp_path: Path) -> None:
    broken = tmp_path / "units.parquet"
    broken.write_bytes(b"PAR1 no such thing")
    with pytest.raises(InvalidInput):
        stage(settings, Files(broken, {}), Request(date(2024, 1, 1), "x"), "t")
    other = write(tmp_path, [{"ten": "a", "geometry": cell(0, 0)}], "other.gpkg")
    with pytest.raises(InvalidInput, match="ward_code"):
        stage(settings, Files(other, {}), Request(date(2024, 1, 1), "x"), "t")
    links = tmp_path / "links.csv"
    links.write_text("a,b\n1,2\n")
    with pytest.raises(InvalidInput, match="old_ward_code"):
        files = Files(write(tmp_path, old_rows(), "o.parquet"), {}, links)
        stage(settings, files, Request(date(2024, 1, 1), "x"), "t")


def test_columns_by_other_names(settings: Settings, tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(old_rows(), geometry="geometry", crs=4326).rename(columns={"ward_code": "MA"})
    file = tmp_path / "u.parquet"
    frame.to_parquet(file)
    staged = stage(settings, Files(file, {"code": "MA"}), Request(date(2024, 1, 1), "x"), "t")
    assert staged.report["possible"]


@pytest.mark.usefixtures("old")
def test_a_second_table_is_compared_by_name(settings: Settings, tmp_path: Path) -> None:
    second = tmp_path / "second.csv"
    lines_ = ["old.province_name,old.district_name,old.ward_name,new.province_name,new.ward_name"]
    names_old = {each["ward_code"]: each for each in old_rows()}
    names_new = {each["ward_code"]: each["ward_name"] for each in new_rows()}
    for before, after, _ in LINKS[:-1]:
        district = names_old[before]["district_name"]
        lines_.append(
            f"Đồng Tháp,{district},{names_old[before]['ward_name']},Tỉnh Đồng Tháp,{names_new[after]}"
        )
    lines_.append("Đồng Tháp,Huyện Cao Lãnh,Thị trấn Mỹ Thọ,Đồng Tháp,Xã Thủy Tân")
    lines_.append("Đồng Tháp,Huyện Cao Lãnh,Thị trấn Không Có,Đồng Tháp,Xã Thủy Tân")
    second.write_text("\n".join(lines_), encoding="utf-8")
    files = Files(write(tmp_path, new_rows(), "n.parquet"), {}, write_links(tmp_path, LINKS), second)
    staged = stage(settings, files, Request(NEW_DAY, "x"), "t")
    assert [each["vi"] for each in group(staged, "only_first")["findings"]] == [
        "30006 Thị trấn Mỹ Thọ → 30005"
    ]
    assert [each["vi"] for each in group(staged, "only_second")["findings"]] == [
        "30006 Thị trấn Mỹ Thọ → 30004"
    ]
    assert group(staged, "second_unread")["count"] == 1
    assert staged.report["figures"]["second_table_common_units"] == 6


@pytest.mark.usefixtures("old")
def test_units_that_are_there_already_are_not_loaded_twice(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(Conflict, match="--correct"):
        stage_old(settings, tmp_path)
