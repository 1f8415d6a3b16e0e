"""Old and new wards of Hồ Chí Minh City by the real tables, where they lie beside the repository."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

if TYPE_CHECKING:
    import psycopg
    from starlette.testclient import TestClient

SHARED = Path(__file__).parents[3] / "shared" / "data"
MAPPING, OLD, NEW = SHARED / "ward_mapping", SHARED / "wards_2008", SHARED / "wards_2025"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason=f"real tables are not there: {SHARED}")
DISTRICTS = ["Quận Tân Bình", "Quận 1"]
UNIT = """
INSERT INTO core.admin_units (unit_id, code, name, kind, level, province_code, province_name, district_name,
                              valid_from, valid_to, geom)
VALUES (%s, %s, %s, 'phuong', 3, '79', 'Thành phố Hồ Chí Minh', %s, %s, %s,
        ST_Multi(ST_CollectionExtract(ST_GeomFromWKB(%s, 4326), 3)))
"""
PASSED = """
INSERT INTO core.admin_succession (from_unit, to_unit, effective, kind, legal_ref)
VALUES (%s, %s, '2025-07-01', %s, '1685/NQ-UBTVQH15')
"""


@pytest.fixture(scope="module", autouse=True)
def city(settings: Any) -> None:
    import psycopg

    links = pd.read_csv(MAPPING / "old_to_new_wards.csv.zst", dtype=str)
    links = links[(links.old_province_code == "79") & links.old_district.isin(DISTRICTS)]
    shapes = gpd.read_parquet(OLD / "vn_communes_2008.parquet", columns=["object_id", "geometry"])
    walk = pd.read_csv(OLD / "commune2008_to_gso_pre2025.csv.zst", dtype={"gso_2025_ward_code": str})
    old = shapes.merge(walk.dropna(subset=["gso_2025_ward_code"]), on="object_id")
    old = old.drop_duplicates("gso_2025_ward_code").set_index("gso_2025_ward_code").geometry
    new = gpd.read_parquet(NEW / "vn_wards_2025.parquet", columns=["ward_code", "ward_name", "geometry"])
    new = new[new.ward_code.isin(links.new_ward_code)]
    with psycopg.connect(settings.admin_dsn) as connection:
        for code, name, district in set(
            zip(links.old_ward_code, links.old_ward, links.old_district, strict=True)
        ):
            if code in old.index:
                shape = shapely.make_valid(old[code]).wkb
                values = [f"old-{code}", code, name, district, "2008-01-01", "2025-07-01", shape]
                connection.execute(UNIT, values)
        for ward in new.itertuples():
            shape = shapely.make_valid(ward.geometry).wkb
            connection.execute(
                UNIT,
                [f"new-{ward.ward_code}", ward.ward_code, ward.ward_name, None, "2025-07-01", None, shape],
            )
        for link in links.itertuples():
            kind = "part" if link.split == "True" else "whole"
            connection.execute(PASSED, [f"old-{link.old_ward_code}", f"new-{link.new_ward_code}", kind])


def asked(client: TestClient, **params: str) -> dict[str, Any]:
    answer = client.get("/api/units", params=params)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.parametrize(
    ("day", "name"), [("2025-06-30", "Phường Bến Nghé"), ("2025-07-01", "Phường Sài Gòn")]
)
def test_13_code_26740(client: TestClient, day: str, name: str) -> None:
    (unit,) = asked(client, code="26740", at=day)["units"]
    assert unit["name"] == name


def test_11_ward_15_of_tan_binh_was_divided(client: TestClient) -> None:
    """The table gives it two heirs: whoever writes the old address is asked which."""
    body = asked(client, address="P.15, Q. Tân Bình, TP.HCM")
    assert body["answer"] == "ask"
    assert [unit["name"] for unit in body["units"]] == ["Phường Tân Bình", "Phường Tân Sơn"]
    whole = asked(client, address="P.14, Q. Tân Bình, TP.HCM")
    assert (whole["answer"], [unit["name"] for unit in whole["units"]]) == ("one", ["Phường Tân Bình"])


def test_11_every_old_ward_by_its_address(client: TestClient, admin: psycopg.Connection) -> None:
    """Whole ones have one answer; split ones are asked about; nobody's is guessed."""
    rows = admin.execute(
        "SELECT u.name, u.district_name, array_agg(s.to_unit ORDER BY s.to_unit) FROM core.admin_units u"
        " JOIN core.admin_succession s ON s.from_unit = u.unit_id GROUP BY u.unit_id, u.name, u.district_name"
    ).fetchall()
    assert len(rows) >= 20
    for name, district, heirs in rows:
        body = asked(client, address=f"{name}, {district}, TP. Hồ Chí Minh")
        assert sorted(unit["id"] for unit in body["units"]) == heirs, (name, district)
        assert body["answer"] == ("one" if len(heirs) == 1 else "ask")
