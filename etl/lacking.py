"""What a survey says of columns that a layer lacks, that it cannot take, or that nothing takes. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.types import Note
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etl.attributes.match import Matched, Unreadable
    from etl.types import Answers
    from layers.description import Layer, LayerField


def missing(layer: Layer, matched: Matched, answers: Answers, scheme: str | None) -> list[Note]:
    """Required fields that no column, constant or rule fills. A measured area fills its field."""
    filled = {*matched.columns, *answers.constants, *(("scheme",) if scheme else ())}
    notes = []
    for field in layer.fields:
        measured = field.name == layer.area_field
        asked = field.name == "scheme" and scheme is None
        if not field.required or field.name in filled or field.derive is not None or measured or asked:
            continue
        notes.append(_field_missing(field, matched.unreadable.get(field.name)))
    if layer.valid_time and "valid_from" not in filled and answers.valid_from is None:
        notes.append(_NO_DATE)
    required = {field.name for field in layer.fields if field.required}
    optional = {name: u for name, u in matched.unreadable.items() if name not in required | set(filled)}
    return notes + [_set_aside(layer.field(name), unreadable) for name, unreadable in optional.items()]


def _field_missing(field: LayerField, unreadable: Unreadable | None) -> Note:
    """No column for a required field, or one of its name with values that it cannot take."""
    vi = f"Thiếu cột bắt buộc «{field.title.vi}»: chỉ ra bằng --column {field.name}=CỘT hoặc --set."
    en = f"The required '{field.title.en}' is missing: say --column {field.name}=COLUMN or --set."
    if unreadable is not None:
        vi = (
            f"Cột «{unreadable.column}» mang tên của trường bắt buộc «{field.title.vi}» nhưng giá trị"
            f" «{unreadable.value}» {unreadable.why.vi}. Sửa cột ấy, chỉ cột khác (--column {field.name}=CỘT)"
            f" hoặc cho một giá trị chung (--set {field.name}=…)."
        )
        en = (
            f"The column '{unreadable.column}' bears the name of the required '{field.title.en}', but its"
            f" value '{unreadable.value}' {unreadable.why.en}. Mend it, name another (--column"
            f" {field.name}=COLUMN), or say one value for all (--set {field.name}=…)."
        )
    return Note("field_missing", "refused", Text(vi=vi, en=en), column=field.name)


def _set_aside(field: LayerField, unreadable: Unreadable) -> Note:
    """A column that is not loaded although its name is an optional field's."""
    return Note(
        "column_unreadable",
        "info",
        Text(
            vi=f"Cột «{unreadable.column}» mang tên của trường «{field.title.vi}» nhưng giá trị"
            f" «{unreadable.value}» {unreadable.why.vi}: không nạp cột này (muốn nạp: --column"
            f" {field.name}={unreadable.column}).",
            en=f"The column '{unreadable.column}' bears the name of '{field.title.en}', but its value"
            f" '{unreadable.value}' {unreadable.why.en}: it is not loaded (to load it: --column"
            f" {field.name}={unreadable.column}).",
        ),
        column=unreadable.column,
    )


def left_out(matched: Matched, personal: Mapping[str, str]) -> list[Note]:
    """Personal data that no private field takes: said, and not loaded."""
    taken = set(matched.columns.values())
    return [
        Note(
            "personal_left_out",
            "info",
            Text(
                vi=f"Cột «{column}» chứa dữ liệu cá nhân, không có trường riêng tư cho nó: không nạp.",
                en=f"The column '{column}' holds personal data and no private field takes it: not loaded.",
            ),
            column=column,
        )
        for column in personal
        if column not in taken
    ]


EMPTY = Note("empty", "refused", Text(vi="Tệp không có dòng nào.", en="The file has no rows."))
NOWHERE = Note(
    "no_places",
    "refused",
    Text(
        vi="Không dòng nào có vị trí đọc được: lớp này cần hình hoặc tọa độ. Kiểm tra xem có chọn đúng lớp"
        " trong tệp không, và cột tọa độ có phải là số không.",
        en="Not one row has a place that can be read: this layer needs shapes or coordinates. See whether the"
        " right layer of the file was chosen, and whether its coordinates are numbers.",
    ),
)
CORNERS = Note(
    "points_for_areas",
    "refused",
    Text(
        vi="Tệp chỉ có điểm, lớp này cần vùng. Nếu các điểm là góc ranh: thêm cột «Thửa» (và «Tờ») ghi mỗi"
        " góc thuộc thửa nào, các góc của một thửa đứng theo thứ tự đi quanh; hoặc nối ranh trong phần mềm"
        " vẽ rồi xuất vùng. Hệ thống không tự đoán góc nào nối với góc nào.",
        en="The file has points only, this layer needs areas. If they are corners: add a column 'parcel' (and"
        " 'sheet') that says whose corner each is, in the order in which they go round; or join them in a"
        " drawing program and export areas. Which corner joins which is never guessed.",
    ),
)
_NO_DATE = Note(
    "valid_from_missing",
    "refused",
    Text(
        vi="Lớp này theo thời gian: cần cột valid_from hoặc --valid-from NGÀY.",
        en="This layer lives in time: a column valid_from or --valid-from DATE is needed.",
    ),
)
