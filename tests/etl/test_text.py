"""Legacy Vietnamese text: known phrases, every letter round trip, columns judged, lost letters given back."""

from __future__ import annotations

import csv
import io
import unicodedata
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.text import Decoder, decode, is_syllable, judge, words
from etl.text.encodings import TCVN3, VIQR, VNI
from geo.errors import InvalidInput
from tests.etl.province import shared

PHRASE = "Tiếng Việt có 29 chữ cái"
FORMS = [
    ("tcvn3", "TiÕng ViÖt cã 29 ch÷ c¸i"),
    ("vni", "Tieáng Vieät coù 29 chöõ caùi"),
    ("viqr", "Tie^'ng Vie^.t co' 29 chu+~ ca'i"),
    ("unicode", unicodedata.normalize("NFD", PHRASE)),
    ("utf-8", PHRASE.encode().decode("latin-1")),
]
NAMES = [
    "Phường Cao Lãnh", "Xã Mỹ Thọ", "Xã Phú Hữu", "Thửa đất ở nông thôn", "Đất trồng lúa nước còn lại",
    "Rạch Gầm",    "Quốc lộ 30", "Khóm Mỹ Phú", "Ấp Bình Thạnh", "Nguyễn Huệ", "Trường Tiểu học Lê Quý Đôn",
    "Kênh Đường Thét",
]  # fmt: skip
TONES = "̣̀́̃̉"


def as_bytes(text: str, encoding: str) -> bytes:
    """The text as a legacy program writes it."""
    if encoding == "utf-8":
        return text.encode()
    if encoding == "cp1258":
        loose = "".join(
            unicodedata.normalize(
                "NFC", "".join(c for c in unicodedata.normalize("NFD", char) if c not in TONES)
            )
            + "".join(c for c in unicodedata.normalize("NFD", char) if c in TONES)
            for char in text
        )
        return loose.encode("cp1258")
    if encoding == "tcvn3":
        back = {letter: byte for byte, letter in TCVN3.items()}
        return b"".join(bytes([back.get(c) or back.get(c.lower()) or ord(c)]) for c in text)
    table = VNI if encoding == "vni" else VIQR
    back_text = {letter: key for key, letter in table.items()}
    return "".join(back_text.get(char, char) for char in text).encode("cp1252")


def as_read(found: bytes, transport: str) -> str:
    """What a driver makes of the bytes."""
    if transport == "bytes":
        return found.decode("latin-1")
    return "".join(
        bytes([b]).decode("cp1252" if b not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else "latin-1") for b in found
    )


@pytest.mark.parametrize(("encoding", "form"), FORMS)
def test_one_phrase_in_its_forms(encoding: str, form: str) -> None:
    assert decode(form, encoding, "cp1252") == PHRASE


@pytest.mark.parametrize("encoding", ["tcvn3", "vni", "viqr", "cp1258", "utf-8"])
def test_every_letter_goes_there_and_back(encoding: str) -> None:
    small = "àảãáạăằẳẵắặâầẩẫấậèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵđ"
    letters = small if encoding == "tcvn3" else small + small.upper()
    for letter in letters:
        assert decode(as_bytes(letter, encoding).decode("latin-1"), encoding, "bytes") == letter


@pytest.mark.parametrize("encoding", ["tcvn3", "vni", "viqr", "cp1258", "utf-8"])
@pytest.mark.parametrize("transport", ["bytes", "cp1252"])
def test_a_column_is_judged_and_decoded(encoding: str, transport: str) -> None:
    texts = [as_read(as_bytes(name, encoding), transport) for name in NAMES]
    judged = judge({"ten": texts}, transport)
    assert judged.ambiguity is None
    assert judged.keys["ten"].partition(":")[0] == encoding
    decoder = Decoder(judged.keys["ten"], transport)
    got = [decoder(text) for text in texts]
    assert [text.lower() for text in got] == [name.lower() for name in NAMES]
    if encoding != "tcvn3":
        assert got == NAMES


def test_unicode_stays_and_is_composed() -> None:
    loose = [unicodedata.normalize("NFD", name) for name in NAMES]
    judged = judge({"ten": loose}, "unicode")
    assert judged.keys["ten"] == "unicode"
    assert [Decoder("unicode", "unicode")(text) for text in loose] == NAMES


def test_plain_ascii_and_other_languages_are_left_alone() -> None:
    texts = ["ONT", "LUC", "Lot 12", "culture permanente", "Número", "Straße", "Ærø", "Škofja"]
    judged = judge({"a": texts}, "unicode")
    assert judged.keys["a"] == "unicode"
    assert [Decoder("unicode", "unicode", also=judged.present)(text) for text in texts] == texts


def test_columns_of_one_file_may_differ_and_cells_too() -> None:
    tcvn3 = [as_bytes(name, "tcvn3").decode("latin-1") for name in NAMES]
    vni = [as_bytes(name, "vni").decode("latin-1") for name in NAMES]
    judged = judge({"a": tcvn3, "b": vni, "c": [*tcvn3[:9], *vni[9:]]}, "bytes")
    assert [judged.keys[name].partition(":")[0] for name in "abc"] == ["tcvn3", "vni", "tcvn3"]
    decoder = Decoder(judged.keys["c"], "bytes", also=judged.present)
    assert [decoder(text).lower() for text in [*tcvn3[:9], *vni[9:]]] == [name.lower() for name in NAMES]
    assert {note.code: note.count for note in decoder.notes("c")}["text_mixed"] == 3


def test_a_user_may_say_the_encoding() -> None:
    assert judge({"a": ["x¸"]}, "bytes", answer="TCVN3").keys["a"] == "tcvn3"
    for wrong in ("koi8-r", "unicode"):  # the bytes of a dBase file are not Unicode by themselves
        with pytest.raises(InvalidInput, match="utf-8, tcvn3, vni"):
            judge({"a": ["x¸"]}, "bytes", answer=wrong)


@pytest.mark.parametrize(
    ("names", "lost", "found"),
    [
        (["Xã Ấp Bắc", "Xã Ái Quốc", "Xã Mỹ An", "Xã Tân Lập"], "Xã ấp bắc", "Xã Ấp bắc"),
        (["Xã Mỹ An", "Xã Tân Lập", "Xã Tân Phú"], "Xã ái Quốc", "Xã Ái Quốc"),
        (["Đất ở", "Đất lúa nước", "Rừng trồng", "Sông rạch", "Kênh mương"], "ống nước", "Ống nước"),
        ([], "TỉNH ĐồNG THáP", "TỈNH ĐỒNG THÁP"),
        ([], "VĩNH LONG ở", "VĨNH LONG Ở"),
        ([], "đường ở đây", "đường ở đây"),
    ],
)
def test_capitals_come_back_by_context(names: list[str], lost: str, found: str) -> None:
    coded = [as_bytes(name, "tcvn3").decode("latin-1") for name in [*names, *names]]
    key = judge({"a": coded}, "bytes", answer="tcvn3").keys["a"]
    assert Decoder(key, "bytes")(as_bytes(lost, "tcvn3").decode("latin-1")) == found


def test_a_stripped_letter_is_restored_only_where_it_is_known() -> None:
    text = as_bytes("Xã Mường Khương", "tcvn3").decode("latin-1").replace("\xad", "")
    assert decode(text, "tcvn3", "bytes") == "Xã Mờng Khơng"
    knowing = Decoder("tcvn3", "bytes", frozenset({"mường", "khương"}))
    assert knowing(text) == "Xã Mường Khương"
    assert [(note.code, note.count) for note in knowing.notes("a")] == [("text_u_restored", 2)]
    ignorant = Decoder("tcvn3", "bytes")
    assert ignorant(text) == "Xã Mờng Khơng"
    assert [(note.code, note.count) for note in ignorant.notes("a")] == [("text_u_stripped", 2)]


@pytest.mark.parametrize("word", words("nghiêng quốc khuỷu gì giếng quyết ưu yến thuở khuya xoèn đường Ấp Ở"))
def test_syllables(word: str) -> None:
    assert is_syllable(word)


@pytest.mark.parametrize("word", ["TiÕng", "Vieät", "mờng", "bắ́c", "băc", "zá", "ch÷", "háâ"])
def test_no_syllables(word: str) -> None:
    assert not is_syllable(word)


@given(st.text(max_size=60))
def test_no_text_breaks_the_decoders(text: str) -> None:
    for encoding in ("unicode", "utf-8", "tcvn3", "vni", "cp1258", "viqr", "cp1252"):
        for transport in ("unicode", "bytes", "cp1252"):
            decoded = decode(text, encoding, transport)
            assert decoded is None or unicodedata.is_normalized("NFC", decoded)
    judged = judge({"a": [text]}, "unicode")
    assert isinstance(Decoder(judged.keys["a"], "unicode", also=judged.present)(text), str)


def test_a_real_table_in_tcvn3_comes_out_as_its_gold() -> None:
    import pyarrow as pa
    import pyogrio

    archive = shared("legacy_formats/derived_tcvn3_dongthap.zip")
    path = f"/vsizip/{archive}/xa_dong_thap_tcvn3.shp"
    with pyogrio.open_arrow(path, encoding="ISO-8859-1", read_geometry=False) as (_, reader):
        table = pa.RecordBatchReader.from_stream(reader).read_all()
    texts = table["TEN_XA"].to_pylist()
    judged = judge({"TEN_XA": sorted(set(texts))}, "bytes")
    decoder = Decoder(judged.keys["TEN_XA"], "bytes", also=judged.present)
    with zipfile.ZipFile(archive) as inside:
        rows = csv.DictReader(io.StringIO(inside.read("gold_utf8.csv").decode("utf-8-sig")))
        gold = {row["MA_XA"]: unicodedata.normalize("NFC", row["TEN_XA"]).lower() for row in rows}
    got = {code: decoder(text).lower() for code, text in zip(table["MA_XA"].to_pylist(), texts, strict=True)}
    assert len(got) == 102
    assert got == gold


def test_words_are_split_at_what_no_encoding_uses_for_letters() -> None:
    assert words("X· VÜnh B×nh, R'La (2)") == ["X·", "VÜnh", "B×nh", "R", "La"]


def test_one_long_cell_in_another_encoding_is_read_by_its_own_and_what_none_explains_is_told() -> None:
    plain, odd = "Ấp Tân Hậu, xã Tân Thuận Tây", "Khóm Mỹ Thuận, phường Mỹ Phú"
    texts = [plain.encode().decode("latin-1"), as_bytes(odd, "tcvn3").decode("latin-1")]
    judged = judge({"a": texts}, "bytes")
    decoder = Decoder(judged.keys["a"], "bytes", also=judged.present)
    assert [decoder(text) for text in texts] == [plain, odd]
    assert {note.code for note in decoder.notes("a")} >= {"text_mixed"}
    told = Decoder("utf-8", "bytes")
    told("\xe1x\xf0")
    assert [note.code for note in told.notes("a")] == ["text_unread"]
