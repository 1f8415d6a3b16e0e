"""Tables of succession: which old unit went to which new ones; by code, or by name for foreign codes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from geo.errors import InvalidInput
from geo.units.names import bare, compact
from geo.vintages.types import Link

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from geo.vintages.types import Coverage, SuccessionKind

COLUMNS = {
    "old": ("old_ward_code", "old_code", "from_code"),
    "new": ("new_ward_code", "new_code", "to_code"),
    "kind": ("kind", "note", "ghi_chu"),
    "share_pop": ("share_pop",),
    "old_name": ("old_ward", "old_ward_name", "old_name"),
    "old_district": ("old_district", "old_district_name"),
    "old_province": ("old_province", "old_province_name"),
    "new_name": ("new_ward", "new_ward_name", "new_name"),
    "new_province": ("new_province", "new_province_name"),
}
KINDS: dict[str, SuccessionKind | Literal["unchanged"]] = {
    "rename": "rename",
    "doiten": "rename",
    "whole": "whole",
    "nhaptoanbo": "whole",
    "part": "part",
    "nhapmotphan": "part",
    "boundaryshift": "boundary_shift",
    "dieuchinhdiagioi": "boundary_shift",
    "promotion": "promotion",
    "chuyenloai": "promotion",
    "unchanged": "unchanged",
    "giunguyen": "unchanged",
}
# Fewer known codes than this and the table speaks of codes of its own: its names are read instead.
KNOWN_CODES = 0.5


@dataclass(frozen=True, slots=True)
class LinkTable:
    """``links`` in the order of the file, each pair once; what could not be read is listed, not dropped."""

    links: tuple[Link, ...]
    by_name: bool
    repeated: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def read_links(file: Path, old: Coverage, new: Coverage) -> LinkTable:
    """The lines of a CSV file. ``InvalidInput`` where its columns are not understood."""
    try:
        frame = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, ValueError, ImportError) as error:
        raise InvalidInput(
            "succession", file.name, "tệp CSV, UTF-8", f"a CSV file in UTF-8 ({type(error).__name__})"
        ) from None
    frame.columns = [re.sub(r"[^a-z]+", "_", column.lower()) for column in frame.columns]
    named = {
        meaning: next((column for column in columns if column in frame), None)
        for meaning, columns in COLUMNS.items()
    }
    old_codes, new_codes = set(old.at()), set(new.at())
    if _codes_known(frame, named["old"], old_codes) and _codes_known(frame, named["new"], new_codes):
        return _gather(frame, named, _reader(named["old"]), _reader(named["new"]))
    if not all(named[each] for each in ("old_name", "new_name")):
        wanted = "old_ward_code, new_ward_code; old_province, old_district, old_ward, new_province, new_ward"
        raise InvalidInput("succession", ", ".join(frame.columns)[:80], wanted, wanted)
    return _gather(frame, named, _finder(old, named, "old"), _finder(new, named, "new"), by_name=True)


def _codes_known(frame: pd.DataFrame, column: str | None, codes: set[str]) -> bool:
    if column is None:
        return False
    values = set(frame[column].str.strip())
    return not codes or len(values & codes) >= KNOWN_CODES * min(len(values), len(codes))


def _reader(column: str | None) -> Callable[[dict[str, str]], str]:
    return lambda line: line[column or ""].strip()


def _finder(coverage: Coverage, named: dict[str, str | None], side: str) -> Callable[[dict[str, str]], str]:
    """From a line's names to a code: province, district (where both say one) and ward, marks ignored."""
    full: dict[tuple[str, str, str], list[str]] = {}
    for row in coverage.rows:
        for district in {bare(row.district_name or ""), ""}:
            key = (bare(row.province_name or ""), district, compact(row.name))
            full.setdefault(key, []).append(row.code)

    def find(line: dict[str, str]) -> str:
        name, district, province = (
            line.get(named.get(f"{side}_{part}") or "", "") for part in ("name", "district", "province")
        )
        found = full.get((bare(province), bare(district), compact(name)), [])
        return found[0] if len(found) == 1 else ""

    return find


def _gather(
    frame: pd.DataFrame,
    named: dict[str, str | None],
    old: Callable[[dict[str, str]], str],
    new: Callable[[dict[str, str]], str],
    *,
    by_name: bool = False,
) -> LinkTable:
    links: dict[tuple[str, str], Link] = {}
    repeated, unread = [], []
    lines = [dict(zip(frame.columns, values, strict=True)) for values in frame.to_numpy().tolist()]
    for number, line in enumerate(lines, 2):
        pair = (old(line), new(line))
        if not all(pair):
            unread.append(f"{number}: {_shown(line, named)}")
        elif pair in links:
            repeated.append(f"{pair[0]} → {pair[1]}")
        else:
            links[pair] = Link(*pair, _kind(line, named), _share(line, named))
    return LinkTable(tuple(links.values()), by_name, tuple(repeated), tuple(unread))


def _shown(line: dict[str, str], named: dict[str, str | None]) -> str:
    columns = [named[each] for each in ("old", "old_name", "new", "new_name") if named[each]]
    return " | ".join(line[column] for column in columns if column)[:120]


def _kind(line: dict[str, str], named: dict[str, str | None]) -> SuccessionKind | Literal["unchanged"] | None:
    return KINDS.get(compact(line[named["kind"]])) if named["kind"] else None


def _share(line: dict[str, str], named: dict[str, str | None]) -> float | None:
    try:
        share = float(line[named["share_pop"]]) if named["share_pop"] else None
    except ValueError:
        return None
    return share if share is not None and 0 <= share <= 1 else None
