"""One column's texts decoded, value by value, with counts of what was mended."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from etl.text.encodings import decode
from etl.text.mending import Case, capitals, habit, stripped
from etl.text.syllables import is_whole
from etl.types import Note
from layers.description import Text

if TYPE_CHECKING:
    from etl.text.encodings import Encoding, Transport

# Distinct values remembered; beyond it a column of all different texts would fill the memory.
MEMORY = 100_000


class Decoder:
    """Texts of one column into NFC. ``key`` is an encoding with the column's habit: ``tcvn3:title``.

    A cell that the column's encoding does not explain and another one does (``also``) is read by that one:
    there are columns typed by two generations of clerks.
    """

    def __init__(
        self,
        key: str,
        transport: Transport,
        known: frozenset[str] = frozenset(),
        also: tuple[Encoding, ...] = (),
    ) -> None:
        name, _, case = key.partition(":")
        self.encoding = cast("Encoding", name)
        self._case = Case(case == "title", case == "sentence")
        self._transport = transport
        self._known = known
        self._also = tuple(each for each in also if each != name)
        self._seen: dict[str, str] = {}
        self.restored = self.suspicious = self.mixed = self.capitals = self.unread = 0

    def __call__(self, text: str) -> str:
        """One value; a value that no encoding explains comes back in NFC as it was read."""
        found = self._seen.get(text)
        if found is None:
            found = self._decode(text)
            if len(self._seen) < MEMORY:
                self._seen[text] = found
        return found

    def notes(self, column: str) -> list[Note]:
        """What was mended in distinct values so far."""
        every = (
            Note("text_capitals", "repaired", _CAPITALS, self.capitals, column=column),
            Note("text_mixed", "repaired", _MIXED, self.mixed, column=column),
            Note("text_u_restored", "repaired", _RESTORED, self.restored, column=column),
            Note("text_u_stripped", "info", _SUSPICIOUS, self.suspicious, column=column),
            Note("text_unread", "info", _UNREAD, self.unread, column=column),
        )
        return [note for note in every if note.count]

    def _decode(self, text: str) -> str:
        encoding, decoded = self.encoding, decode(text, self.encoding, self._transport)
        if self._also and not text.isascii():
            encoding, decoded = self._best(text, decoded)
        if decoded is None:
            self.unread += 1
            return decode(text, "unicode", self._transport) or text
        if encoding != "tcvn3":
            return decoded
        whole, restored, suspicious = stripped(decoded, self._known)
        self.restored += restored
        self.suspicious += suspicious
        mended = capitals(whole, self._case)
        self.capitals += mended != whole
        return mended

    def _best(self, text: str, decoded: str | None) -> tuple[Encoding, str | None]:
        """The column's own reading, unless it breaks and another is whole."""
        if decoded is not None and is_whole(decoded):
            return self.encoding, decoded
        for encoding in self._also:
            other = decode(text, encoding, self._transport)
            if other is not None and is_whole(other):
                self.mixed += 1
                return encoding, other
        return self.encoding, decoded


def key_of(encoding: Encoding, texts: list[str]) -> str:
    """An encoding with the habit of a column's decoded texts."""
    if encoding != "tcvn3":
        return encoding
    case = habit(texts)
    return "tcvn3:title" if case.title else "tcvn3:sentence" if case.sentence else "tcvn3"


_CAPITALS = Text(
    vi="Trả lại chữ hoa có dấu mà phông TCVN3 làm mất (giá trị khác nhau).",
    en="Capitals with tone marks that TCVN3 fonts lose were given back (distinct values).",
)
_MIXED = Text(
    vi="Ô dùng bảng mã khác với cả cột, đã đọc theo bảng mã của nó.",
    en="Cells in another encoding than their column, read by their own.",
)
_RESTORED = Text(
    vi="Khôi phục chữ «ư» bị mất, theo tên xã, phường của địa phương.",
    en="Lost letters 'ư' restored by the tenant's place names.",
)
_UNREAD = Text(
    vi="Giá trị mà bảng mã của cột không đọc được: giữ như trong tệp, cần người xem lại.",
    en="Values that the column's encoding cannot read: kept as in the file, a person must look.",
)
_SUSPICIOUS = Text(
    vi="Từ có vẻ đã mất chữ «ư» (ví dụ «Mờng»), không tự sửa: cần người xem lại.",
    en="Words that seem to have lost an 'ư' (like 'Mờng'): not changed, a person must look.",
)
