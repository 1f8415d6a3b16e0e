"""What each check of a vintage is called, and what an operator does about what it finds."""

from __future__ import annotations

from layers.description import Text


def _text(vi: str, en: str) -> Text:
    return Text(vi=vi, en=en)


_FILE = _text(
    "sửa tệp ở nguồn rồi stage lại; chưa lưu gì",
    "correct the file at its source and stage again; nothing is stored",
)
_TABLE = _text(
    "sửa hoặc bổ sung bảng --succession rồi stage lại", "correct or complete --succession, then stage again"
)
_LOOK = _text("xem lại hai nguồn; không nguồn nào bị sửa", "look at both sources; neither is corrected")

# By the name of the check: title, and advice where something can be done.
WORDS: dict[str, tuple[Text, Text | None]] = {
    "missing": (
        _text("Thiếu hoặc sai mã, tên, loại, mã tỉnh", "Code, name, kind or province missing or malformed"),
        _FILE,
    ),
    "duplicate_code": (_text("Mã trùng nhau", "Codes that stand twice"), _FILE),
    "shape": (
        _text("Hình không dùng được hoặc sửa làm đổi diện tích", "Shapes unusable, or changed by mending"),
        _FILE,
    ),
    "duplicate_name": (_text("Tên trùng trong một tỉnh", "Names that stand twice in a province"), None),
    "kind": (
        _text(
            "Loại khác với tên chính thức (lấy theo tên)", "The kind contradicts the name (the name holds)"
        ),
        None,
    ),
    "mended": (
        _text("Vòng tự cắt đã sửa (phần diện tích đổi)", "Rings mended (share of the area changed)"),
        None,
    ),
    "overlap": (
        _text("Chồng lấn", "Overlaps"),
        _text(
            "sửa ranh giới ở nguồn, hoặc chấp nhận: --max-overlap-ha, --max-overlap-share",
            "correct the borders at their source, or accept them: --max-overlap-ha, --max-overlap-share",
        ),
    ),
    "gap": (
        _text("Khoảng trống", "Gaps"),
        _text(
            "tìm đơn vị còn thiếu hoặc sửa ranh giới, hoặc chấp nhận: --max-gap-ha, --max-gap-share",
            "find the missing unit or correct the borders, or accept them: --max-gap-ha, --max-gap-share",
        ),
    ),
    "uncovered": (
        _text("Đất của đơn vị cũ nay không thuộc đơn vị nào", "Ground of former units that none covers now"),
        _text(
            "tệp chỉ có một phần các đơn vị? dùng --scope listed; hoặc chấp nhận: --max-uncovered-share",
            "are only some units in the file? use --scope listed; or accept it: --max-uncovered-share",
        ),
    ),
    "vanished": (
        _text("Đơn vị mất mà không có kế thừa", "Units that vanish without a successor"),
        _text(
            "thêm dòng cho đơn vị ấy vào bảng --succession; tệp chỉ có một phần: --scope listed",
            "add a line for the unit to --succession; if the file has only some units: --scope listed",
        ),
    ),
    "code_reused": (
        _text(
            "Mã của một đơn vị khác, không có trong bảng chuyển đổi",
            "Codes that another unit bore, not in the table of succession",
        ),
        _TABLE,
    ),
    "torn": (_text("Hai đơn vị cùng là một", "Two units that would be one and the same"), _TABLE),
    "without_origin": (
        _text("Đơn vị mới không có nguồn trong bảng", "New units without a predecessor in the table"),
        None,
    ),
    "succession_old_unknown": (
        _text(
            "Bảng chuyển đổi: mã cũ không có trong dữ liệu trước",
            "Succession: old codes that the units before do not have",
        ),
        None,
    ),
    "succession_new_unknown": (
        _text(
            "Bảng chuyển đổi: mã mới không có trong tệp", "Succession: new codes that the file does not have"
        ),
        _TABLE,
    ),
    "succession_repeated": (_text("Bảng chuyển đổi: dòng lặp", "Succession: repeated lines"), None),
    "succession_unread": (
        _text("Bảng chuyển đổi: dòng không đọc được", "Succession: lines not understood"),
        _TABLE,
    ),
    "law_without_ground": (
        _text(
            "Bảng ghi chuyển đất, ranh giới không cho thấy", "The table passes ground that the borders do not"
        ),
        _LOOK,
    ),
    "ground_without_law": (
        _text(
            "Ranh giới cho thấy chuyển đất, bảng không ghi", "The borders pass ground that the table does not"
        ),
        _LOOK,
    ),
    "only_first": (_text("Chỉ bảng chính ghi", "Only the table of succession says"), _LOOK),
    "only_second": (_text("Chỉ bảng đối chiếu ghi", "Only the second table says"), _LOOK),
    "second_unread": (
        _text("Bảng đối chiếu: dòng không đọc được", "Second table: lines not understood"),
        None,
    ),
    "rule": (
        _text("Quy tắc điều phối nêu đơn vị sẽ hết hiệu lực", "Routing rules that name units which end"),
        _text(
            "đặt ngày kết thúc (valid_to) cho quy tắc hoặc sửa nó trước khi activate; không cần stage lại",
            "give the rule an end (valid_to) or change it before activating; no need to stage again",
        ),
    ),
}

FIGURES: dict[str, Text] = {
    "units": _text("đơn vị trong tệp", "units in the file"),
    "vertices": _text("đỉnh", "vertices"),
    "units_before": _text("đơn vị trước ngày ấy", "units before that day"),
    "units_new": _text("đơn vị mới", "new units"),
    "units_version": _text("đơn vị đi tiếp, có thay đổi", "units that go on, changed"),
    "units_replace": _text("bản ghi được sửa", "records corrected"),
    "units_same": _text("đơn vị không đổi", "units unchanged"),
    "closed": _text("phiên bản kết thúc", "versions that end"),
    "removed": _text("phiên bản bị bỏ", "versions removed"),
    "units_split": _text("đơn vị cũ bị chia", "former units divided"),
    "succession_whole": _text("kế thừa: nhập toàn bộ", "successions: whole"),
    "succession_part": _text("kế thừa: nhập một phần", "successions: in part"),
    "succession_rename": _text("đổi tên", "renamed"),
    "succession_promotion": _text("đổi loại", "another kind"),
    "succession_boundary_shift": _text("chỉnh ranh giới", "borders moved"),
    "uncovered_km2": _text("km² đất cũ không còn đơn vị", "km² of former ground without a unit"),
    "second_table_common_units": _text("đơn vị cũ có trong cả hai bảng", "former units in both tables"),
}
