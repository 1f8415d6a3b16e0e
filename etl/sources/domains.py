"""Lists of values that a database keeps for its columns: codes are stored, people read the names beside them.

File geodatabases call them coded domains and subtypes and describe them as XML in ``GDB_Items``; GeoPackage
keeps them as enumerations in its schema extension (OGC 12-128r18, annex F.9). A column with such a list comes
twice: as its codes, and with :data:`etl.types.MEANING` behind its name as their names.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pyarrow as pa
import pyarrow.compute as pc
import pyogrio

from etl.types import MEANING, Note
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    # From a column's codes, as texts, to their names.
    Names = dict[str, str]

# Longer definitions and lists are no dictionary of codes.
MOST_CHARS, MOST_CODES = 5_000_000, 5_000
SHOWN = 4
_ENUM = """
SELECT c.column_name, v.value, coalesce(v.description, '')
FROM gpkg_data_columns c JOIN gpkg_data_column_constraints v USING (constraint_name)
WHERE c.table_name = ? AND v.constraint_type = 'enum' LIMIT ?
"""


def names_of(path: Path, layer: str) -> dict[str, Names]:
    """The names of codes by column; nothing for columns and formats without them."""
    suffix = path.suffix.lower()
    if suffix == ".gdb":
        found = of_definitions(list(_definitions(path)), layer)
    elif suffix == ".gpkg":
        found = _of_geopackage(path, layer)
    else:
        return {}
    telling = {column: names for column, names in found.items() if any(k != v for k, v in names.items())}
    return {column: names for column, names in telling.items() if len(names) <= MOST_CODES}


def as_stored(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A batch of GDAL's with the codes that are stored: it gives whole numbers with a list as a dictionary.

    Their indices are the codes; decoded, a code that is not in the list would be nothing.
    """
    for at, column in enumerate(batch.columns):
        if pa.types.is_dictionary(column.type):
            batch = batch.set_column(at, batch.schema.field(at).name, column.indices)
    return batch


def with_names(batch: pa.RecordBatch, every: Mapping[str, Names]) -> pa.RecordBatch:
    """A batch with a column of names behind the others for each column of codes."""
    for column, names in every.items():
        if column not in batch.schema.names:
            continue
        codes = batch.column(column).dictionary_encode()
        told = [names.get(_code(value)) for value in codes.dictionary.to_pylist()]
        meant = pc.take(pa.array(told, pa.string()), codes.indices)
        batch = batch.append_column(column + MEANING, meant)
    return batch


def notes(every: Mapping[str, Names]) -> list[Note]:
    """What lists were found."""
    return [_note(column, names) for column, names in every.items()]


def of_definitions(texts: list[str], layer: str) -> dict[str, Names]:
    """Coded domains and subtypes of one class, out of the XML of all items of a geodatabase."""
    domains: dict[str, Names] = {}
    mine: ET.Element | None = None
    for text in texts:
        # Entities would be expanded: no geodatabase needs them.
        if len(text) > MOST_CHARS or "<!" in text:
            continue
        try:
            root = ET.fromstring(text)  # noqa: S314 - without declarations, see above
        except ET.ParseError:
            continue
        kind = root.tag.rpartition("}")[2]
        if kind.startswith("GPCodedValueDomain"):
            domains[_text(root, "DomainName")] = {
                _text(each, "Code"): _text(each, "Name") for each in root.iter("CodedValue")
            }
        elif _text(root, "Name") == layer and kind.startswith(("DEFeatureClass", "DETable")):
            mine = root
    return {} if mine is None else _of_class(mine, domains)


def _of_class(mine: ET.Element, domains: Mapping[str, Names]) -> dict[str, Names]:
    found: dict[str, Names] = {}
    for field in mine.iter("GPFieldInfoEx"):
        if names := domains.get(_text(field, "DomainName")):
            found[_text(field, "Name")] = dict(names)
    subtypes = list(mine.iter("Subtype"))
    if subtypes and (column := _text(mine, "SubtypeFieldName")):
        found[column] = {_text(each, "SubtypeCode"): _text(each, "SubtypeName") for each in subtypes}
    for info in (info for each in subtypes for info in each.iter("SubtypeFieldInfo")):
        for code, name in domains.get(_text(info, "DomainName"), {}).items():
            known = found.setdefault(_text(info, "FieldName"), {})
            # A code that means one thing in one subtype and another in the next stays a code.
            known[code] = name if known.get(code, name) == name else code
    return found


def _definitions(path: Path) -> Iterator[str]:
    try:
        _, _, _, columns = pyogrio.raw.read(
            path, layer="GDB_Items", columns=["Definition"], read_geometry=False
        )
    except (pyogrio.errors.DataLayerError, pyogrio.errors.DataSourceError):
        return
    yield from (text for text in columns[0] if isinstance(text, str))


def _of_geopackage(path: Path, layer: str) -> dict[str, Names]:
    found: dict[str, Names] = {}
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            for column, value, name in connection.execute(_ENUM, (layer, 100 * MOST_CODES)):
                found.setdefault(str(column), {})[str(value)] = str(name) or str(value)
    except sqlite3.Error:
        return {}  # most files have no such tables
    return found


def _text(element: ET.Element, name: str) -> str:
    return (element.findtext(name) or "").strip()


def _code(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _note(column: str, names: Names) -> Note:
    shown = ", ".join(f"{code} = {name}" for code, name in list(names.items())[:SHOWN])
    more = "…" if len(names) > SHOWN else ""
    return Note(
        "domain_read",
        "info",
        Text(
            vi=f"Cột «{column}» ghi mã theo danh mục của cơ sở dữ liệu ({shown}{more}): đọc cả mã và tên.",
            en=f"'{column}' holds codes of a list of the database ({shown}{more}): codes and names are read.",
        ),
        len(names),
        column=column,
    )
