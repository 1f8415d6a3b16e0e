"""Corners one a row, as total stations and receivers export them: joined where a column says whose they"
" are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import shapely

from etl.sources import batches, open_source
from etl.sources.fieldbook import gsi_row, sdr_row
from etl.sources.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from etl.types import Batch

EAST, NORTH, SIDE = 569_000.123, 1_156_000.457, 20.0
# Point, easting, northing, height, parcel: three squares beside each other.
CORNERS = [
    (4 * parcel + at + 1, EAST + (parcel + dx) * SIDE, NORTH + dy * SIDE, 1.2 + at / 10, parcel + 1)
    for parcel in range(3)
    for at, (dx, dy) in enumerate([(0, 0), (1, 0), (1, 1), (0, 1)])
]


def headed(head: str, line: str) -> str:
    rows = [line.format(p=p, e=e, n=n, h=h, t=t) for p, e, n, h, t in CORNERS]
    return "\n".join([head, *rows] if head else rows) + "\n"


def gsi(wide: bool) -> str:
    size, star = (16, "*") if wide else (8, "")
    lines = []
    for p, e, n, h, t in CORNERS:
        numbers = [f"{index}..{unit:02d}+{round(value * 1000):0{size}d}"
                   for index, unit, value in ((81, 10, e), (82, 10, n), (83, 10, h))]  # fmt: skip
        lines.append(f"{star}11{p:04d}+{p:0{size}d} {' '.join(numbers)} 71..46+{f'THUA{t}':0>{size}} ")
    return "\r\n".join(lines)


def sdr() -> str:
    records = [f"08TP{p:>16}{n:<16.3f}{e:<16.3f}{h:<16.3f}{f'THUA {t}':<16}" for p, e, n, h, t in CORNERS]
    return "\r\n".join(["00NMSDR33 V04-04.02     01-Jan-26 10:00 113111", "10NMDO DAC", *records])


FILES: dict[str, str | Callable[[], str]] = {
    "trimble.csv": headed("PT#,N,E,Z,CODE", "{p},{n:.3f},{e:.3f},{h:.3f},THUA{t}"),
    "receiver.dat": headed("", "{p},THUA{t},{e:.3f},{n:.3f},{h:.3f}"),
    "blanks.asc": headed("", "{p:>5} {n:12.3f} {e:12.3f} {h:8.3f}  thua_{t}"),
    "named.csv": headed("Điểm;X;Y;H;Số thửa", "{p};{n:.3f};{e:.3f};{h:.3f};{t}"),
    "sheet.txt": headed(
        "STT\tX\tY\tCao độ\tTờ\tThửa\tLoại đất", "{p}\t{n:.3f}\t{e:.3f}\t{h:.3f}\t12\t{t}\tLUC"
    ),
    "station8.txt": gsi(wide=False),
    "station16.gsi": gsi(wide=True),
    "sokkia.sdr": sdr(),
}


def read(file: Path) -> Batch:
    source = open_source(file)
    (batch,) = batches(source, source.layers[0].name)
    return batch


@pytest.mark.parametrize("name", FILES)
def test_corners_are_joined_by_what_names_their_parcel(name: str, tmp_path: Path) -> None:
    content = FILES[name]
    (tmp_path / name).write_text(content if isinstance(content, str) else content(), newline="")
    batch = read(tmp_path / name)
    shapes = batch.geometry.tolist()
    assert [shape.geom_type for shape in shapes] == ["Polygon"] * 3
    assert [shape.area for shape in shapes] == [pytest.approx(400, rel=1e-4)] * 3
    assert shapely.get_coordinates(shapes[0])[0] == pytest.approx([EAST, NORTH], abs=1e-3)
    told = next(batch.columns[name] for name in ("so_thua", "Số thửa", "Thửa") if name in batch.columns)
    assert [int(each) for each in told.to_pylist()] == [1, 2, 3]
    assert not {"H", "Z", "Cao độ", "CODE"} & batch.columns.keys()
    assert "corners_joined" in {note.code for note in batch.notes}
    if name == "sheet.txt":
        assert batch.columns["Tờ"].to_pylist() == ["12"] * 3 and "Loại đất" in batch.columns


def test_a_receivers_list_of_a_parcel_measured_in_turns_and_one_out_of_order(tmp_path: Path) -> None:
    by_turns = sorted(CORNERS, key=lambda each: (each[0] - 1) % 4)
    lines = [f"{p};{n:.3f};{e:.3f};{t}" for p, e, n, _, t in by_turns]
    # The corners of the fourth go across.
    crossed = [(0, 0), (1, 1), (1, 0), (0, 1)]
    lines += [
        f"{20 + at};{NORTH + dy * SIDE:.3f};{EAST + (5 + dx) * SIDE:.3f};9"
        for at, (dx, dy) in enumerate(crossed)
    ]
    (tmp_path / "a.csv").write_text("\n".join(["Điểm;X;Y;Thửa", *lines]))
    batch = read(tmp_path / "a.csv")
    assert [shape.area for shape in batch.geometry[:3]] == [pytest.approx(400, rel=1e-4)] * 3
    assert [(fault.row, fault.code) for fault in batch.faults] == [(4, "corners_order")]


@pytest.mark.parametrize(
    "rows",
    [
        # Codes of what was measured say nothing of whose corner it is.
        headed("", "{p},{n:.3f},{e:.3f},{h:.3f},RG"),
        headed("", "{p},{n:.3f},{e:.3f},{h:.3f},R{t}"),
        # Trees that stand in parcels are no corners of them.
        headed("Điểm,X,Y,Thửa,Loại cây", "{p},{n:.3f}{p},{e:.3f},{t},Cây {p}"),
        # One place a parcel.
        headed("Điểm,X,Y,Thửa", "{p},{n:.3f}{p},{e:.3f},{p}"),
    ],
)  # fmt: skip
def test_points_stay_points_where_nothing_says_that_they_are_corners(rows: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(rows)
    assert {shape.geom_type for shape in read(tmp_path / "a.csv").geometry} == {"Point"}


def test_units_signs_and_stations_of_fieldbooks() -> None:
    tenths = (
        "*110001+00000000000000A1 81..16+0000005690001234 82..16+0000011560004567 41..46+000000000000MOC1"
    )
    assert gsi_row(tenths) == ["A1", "1156000.45670", "569000.12340", None, "MOC1"]
    assert gsi_row("*110001+0000000000000001 21.322+0000000013384650 31..00+0000000000045179") is None
    # Feet are no unit of this country, and what is no number is no coordinate.
    assert gsi_row("110001+00000001 81..11+00569000 82..11+01156000") is None
    assert gsi_row("110001+00000001 81..10+005A9000 82..10+01156000") is None
    short = f"08KI{'12':>4}{'1156000.46':<10}{'569000.12':<10}{'1.2':<10}{'GOC':<16}"
    assert sdr_row(short) == ["12", "1156000.46", "569000.12", "1.2", "GOC"]
    assert sdr_row("09F1            10001            1001 25.1230") is None


def test_measurements_without_coordinates_say_what_to_do(tmp_path: Path) -> None:
    line = (
        "*110001+0000000000000001 21.322+0000000013384650 22.322+0000000005371500 31..00+0000000000045179\n"
    )
    (tmp_path / "a.gsi").write_text(line * 5)
    with pytest.raises(Refused, match="measured angles"):
        read(tmp_path / "a.gsi")
    (tmp_path / "b.asc").write_text("ncols 4\nnrows 3\nxllcorner 1\nyllcorner 2\ncellsize 10\n1 2 3 4\n")
    with pytest.raises(Refused) as refused:
        read(tmp_path / "b.asc")
    assert refused.value.code == "convert_raster"
