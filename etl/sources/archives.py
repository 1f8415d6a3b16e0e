"""Zip archives, unpacked where nothing can leave the folder and nothing can fill the disk."""

from __future__ import annotations

import shutil
import stat
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from etl.sources.foreign import refuse_package
from etl.sources.refusal import Refused, protected, unreadable
from etl.sources.sniff import DATA_SUFFIXES

if TYPE_CHECKING:
    from etl.types import Limits

_CHUNK = 1 << 20
# Archives that may stand in an archive: a KMZ a garden, a zip a ward.
_INNER = (".kmz", ".zip")
# The first table of every file geodatabase.
_GDB_TABLE = "a00000001.gdbtable"
# Small archives may be packed tighter than the ratio allows: a layer of equal codes is.
_RATIO_FROM_BYTES = 100 * 2**20


@dataclass(slots=True)
class _Left:
    """What an archive and those inside it may still take together: bytes, and members."""

    size: int
    members: int


def unpack(path: Path, folder: Path, limits: Limits) -> list[Path]:
    """Unpack all members and name the data sets among them. ``Refused`` for hostile or broken ones."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [each for each in archive.infolist() if not each.is_dir()]
            check(path, members, limits)
            left = _Left(limits.unpacked_bytes, limits.members - len(members))
            for member in members:
                left.size -= _extract(archive, member, folder, left.size)
            names = [each.filename for each in members]
        inner = [
            each for each in sorted(folder.rglob("*")) if each.suffix.lower() in _INNER and each.is_file()
        ]
        for each in inner:
            _inner(each, limits, left)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError) as error:
        raise unreadable(path.name, type(error).__name__) from None
    _name_geodatabases(folder, path.stem)
    found = data_sets(folder)
    if all(each.suffix.lower() == ".xml" for each in found):
        refuse_package(path.name, names)
    return found


def _inner(path: Path, limits: Limits, left: _Left) -> None:
    """An archive inside: unpacked beside itself, so far and no deeper, out of what is left for all."""
    place = path.with_name(path.name + "_")
    with zipfile.ZipFile(path) as archive:
        members = [each for each in archive.infolist() if not each.is_dir()]
        check(path, members, replace(limits, members=left.members, unpacked_bytes=left.size))
        left.members -= len(members)
        place.mkdir()
        for member in members:
            left.size -= _extract(archive, member, place, left.size)
    path.unlink()


def _name_geodatabases(folder: Path, name: str) -> None:
    """A geodatabase packed without its folder's name gets one: its reader knows it by that."""
    for table in list(folder.rglob(_GDB_TABLE)):
        place = table.parent
        if any(parent.suffix.lower() == ".gdb" for parent in (place, *place.parents)):
            continue
        made = folder / f"{name if place == folder else place.name}.gdb"
        made.mkdir()
        for each in list(place.iterdir()):
            if each.is_file():
                each.rename(made / each.name)


def check(path: Path, members: list[zipfile.ZipInfo], limits: Limits) -> None:
    """Before anything is unpacked: names, kinds, encryption, and the sizes that the archive admits to."""
    if len(members) > limits.members:
        raise _bomb(path.name, f"{len(members)} tệp", f"{len(members)} members")
    for member in members:
        name = PurePosixPath(member.filename.replace("\\", "/"))
        link = stat.S_ISLNK(member.external_attr >> 16)
        if name.is_absolute() or ".." in name.parts or link or ":" in name.parts[0] or "\x00" in str(name):
            raise _outside(path.name, member.filename)
        if member.flag_bits & 1:
            raise protected(path.name)
    total = sum(member.file_size for member in members)
    if total > limits.unpacked_bytes or _too_dense(total, path.stat().st_size, limits):
        raise _bomb(path.name, f"{total // 2**20} MB sau khi giải nén", f"{total // 2**20} MB unpacked")


def data_sets(folder: Path) -> list[Path]:
    """Files and geodatabases that a reader opens, without companions and what is inside geodatabases."""
    found = [each for each in folder.rglob("*.gdb") if each.is_dir()]
    for each in folder.rglob("*"):
        hidden = any(part.startswith((".", "__MACOSX")) for part in each.relative_to(folder).parts)
        inside = any(parent.suffix.lower() == ".gdb" for parent in each.parents)
        if each.is_file() and not hidden and not inside and each.suffix.lower() in DATA_SUFFIXES:
            found.append(each)
    return sorted(_without_metadata(found))


def _without_metadata(found: list[Path]) -> list[Path]:
    """Not the notes beside the data: ``roads.shp.xml``, a MapInfo table's text, a readme."""
    stems = {each.stem.lower() for each in found if each.suffix.lower() not in (".xml", ".txt", ".json")}
    return [
        each
        for each in found
        if each.suffix.lower() not in (".xml", ".txt") or (not stems and len(found) == 1)
    ] or found


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, left: int) -> int:
    target = folder.joinpath(*PurePosixPath(member.filename.replace("\\", "/")).parts)
    if not target.resolve().is_relative_to(folder.resolve()):
        raise _outside(Path(archive.filename or "").name, member.filename)
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    if shutil.disk_usage(folder).free < min(member.file_size * 2, left):
        raise Refused(
            "disk_full", "Không đủ chỗ trống trên đĩa để giải nén.", "The disk is too full to unpack."
        )
    with archive.open(member) as source, target.open("wb") as out:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > left:  # sizes in an archive's directory may lie
                raise _bomb(Path(archive.filename or "").name, "quá giới hạn", "above the limit")
            out.write(chunk)
    return written


def _too_dense(total: int, packed: int, limits: Limits) -> bool:
    return total > _RATIO_FROM_BYTES and total > limits.unpack_ratio * max(packed, 1)


def _bomb(name: str, vi: str, en: str) -> Refused:
    return Refused(
        "zip_bomb",
        f"{name} giải nén ra quá lớn ({vi}): không mở. Chỉ nén dữ liệu cần nạp, chia thành nhiều gói.",
        f"{name} would unpack to too much ({en}): not opened. Pack only what is to be loaded, in several"
        " files.",
    )


def _outside(name: str, member: str) -> Refused:
    return Refused(
        "path_traversal",
        f"{name} chứa đường dẫn trỏ ra ngoài ({member[:80]}): không mở. Nén lại từ trong thư mục dữ liệu,"
        " không kèm đường dẫn đầy đủ và liên kết.",
        f"{name} holds a path that leads outside ({member[:80]}): not opened. Pack it again from within the"
        " folder of the data, without full paths and links.",
    )
