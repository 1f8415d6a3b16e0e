"""Attributes of units out of a file's columns, whatever the file calls them. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

import pandas as pd

from geo.errors import InvalidInput
from geo.units.names import KIND_WORDS, compact, kind_of
from geo.vintages.report import Finding
from geo.vintages.types import UnitRow
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo.vintages.report import Report

COLUMNS = {
    "code": ("code", "ward_code", "commune_code", "ma_xa", "maxa"),
    "name": ("name", "ward_name", "commune_name", "ten_xa", "tenxa"),
    "kind": ("kind", "unit_type", "loai"),
    "province_code": ("province_code", "ma_tinh", "matinh"),
    "province_name": ("province_name", "ten_tinh", "tentinh"),
    "district_name": ("district_name", "ten_huyen", "tenhuyen"),
    "population": ("population", "dan_so", "danso"),
    "aliases": ("aliases", "ten_khac"),
}
NEEDED = ("code", "name", "province_code")
CODE = re.compile(r"\d{5}", re.ASCII)
PROVINCE = re.compile(r"\d{2}", re.ASCII)
NAME_MAX = 120
KINDS = {compact(word): kind for word, kind in KIND_WORDS.items()} | {
    kind: kind for kind in KIND_WORDS.values()
}


def columns_of(frame: pd.DataFrame, given: Mapping[str, str]) -> dict[str, str]:
    """Which column means what; ``given`` names some. ``InvalidInput`` where a needed one is not there."""
    lower = {column.lower(): column for column in frame.columns}
    found = {}
    for meaning, names in COLUMNS.items():
        wanted = (given[meaning],) if meaning in given else names
        column = next((lower[name.lower()] for name in wanted if name.lower() in lower), None)
        if column is not None:
            found[meaning] = column
        elif meaning in NEEDED or meaning in given:
            listed = ", ".join(sorted(lower))[:200]
            raise InvalidInput(
                meaning,
                "—",
                f"tệp phải có một trong các cột {', '.join(wanted)}; đang có: {listed}",
                f"the file must have one of the columns {', '.join(wanted)}; it has: {listed}",
            )
    return found


def read_rows(frame: pd.DataFrame, columns: Mapping[str, str], report: Report) -> list[UnitRow]:
    """One row for each line of the frame; what is missing or contradicts itself goes to the report."""
    rows, missing, kinds = [], [], []
    for number, line in enumerate(frame[list(columns.values())].to_dict("records"), 1):
        values = {meaning: line[column] for meaning, column in columns.items()}
        row, said = _row(values)
        rows.append(row)
        lacking = _lacking(row)
        if lacking:
            text = f"{number}: {row.code or '—'} {row.name or '—'} ({', '.join(lacking)})"
            missing.append(Finding(Text(vi=f"dòng {text}", en=f"line {text}"), (row.code,)))
        elif said not in ("", row.kind):
            kinds.append(
                Finding(
                    Text(vi=f"{row.code} {row.name}: cột loại ghi {said}", en=f"the column says {said}"),
                    (row.code,),
                )
            )
    report.add("missing", "error", missing)
    report.add("kind", "warning", kinds)
    return rows


def _row(values: Mapping[str, Any]) -> tuple[UnitRow, str]:
    name = _text(values.get("name"))
    said = KINDS.get(compact(_text(values.get("kind"))), "")
    population = _text(values.get("population"))
    row = UnitRow(
        code=_digits(values.get("code"), 5),
        name=name,
        kind=kind_of(name) or said,
        province_code=_digits(values.get("province_code"), 2),
        province_name=_text(values.get("province_name")) or None,
        district_name=_text(values.get("district_name")) or None,
        population=int(float(population)) if re.fullmatch(r"\d{1,9}(\.0*)?", population) else None,
        aliases=tuple(filter(None, (_text(alias) for alias in _text(values.get("aliases")).split(";")))),
    )
    return row, said


def _lacking(row: UnitRow) -> list[str]:
    tests = {
        "mã · code": bool(CODE.fullmatch(row.code)),
        "tên · name": 0 < len(row.name) <= NAME_MAX,
        "loại · kind": bool(row.kind),
        "mã tỉnh · province_code": bool(PROVINCE.fullmatch(row.province_code)),
    }
    return [what for what, holds in tests.items() if not holds]


def _digits(value: object, count: int) -> str:
    """A code as text; one that a spreadsheet made a number gets its leading zeros back."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = _text(value)
    return text.zfill(count) if isinstance(value, int) else text


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and pd.isna(value)):
        return ""
    return " ".join(unicodedata.normalize("NFC", str(value)).split())
