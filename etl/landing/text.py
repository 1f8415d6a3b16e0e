"""The report as lines for a terminal: Vietnamese first, English beside; colours where there is a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from etl.wording import number_vi, percent_vi

if TYPE_CHECKING:
    from collections.abc import Iterator

COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
MARKS = {
    "info": ("·", "dim"),
    "repaired": ("✎", "yellow"),
    "quarantined": ("⚠", "yellow"),
    "refused": ("✗", "red"),
}
DIFFERENCE = (
    ("new", "mới", "new"),
    ("changed", "thay đổi", "changed"),
    ("succeeded", "có bản mới", "new version"),
    ("same", "như cũ", "same"),
    ("gone", "không còn trong tệp, sẽ kết thúc", "gone, will end"),
    ("kept", "không có trong tệp, giữ nguyên", "not in the file, kept"),
    ("duplicate", "lặp hoàn toàn, chỉ nhận một", "twice in the file, taken once"),
    ("conflicting", "trái với lớp, cách ly", "in conflict with the layer, quarantined"),
)


def lines(report: dict[str, Any], *, colour: bool = False, most_faults: int = 20) -> Iterator[str]:
    """The report's lines, without line ends."""
    paint = _painter(colour)
    yield from _head(report, paint)
    yield from _reading(report, paint)
    yield from _questions(report, paint)
    if report["notes"]:
        yield paint("bold", "Ghi nhận · findings")
        for note in report["notes"]:
            yield _note(note, paint)
    yield from _faults(report, paint, most_faults)
    yield from _difference(report, paint)


def _painter(colour: bool) -> Any:  # noqa: ANN401 - a function of two texts
    def paint(name: str, text: str) -> str:
        return f"\x1b[{COLOURS[name]}m{text}\x1b[0m" if colour else text

    return paint


def _head(report: dict[str, Any], paint: Any) -> Iterator[str]:  # noqa: ANN401
    file, rows = report["file"], report["rows"]
    yield paint("bold", f"{file['name']} → {report['layer']['title']['vi']} ({report['layer']['name']})")
    inner = f", {file['inner_layer']}" if file["inner_layer"] else ""
    kinds = ", ".join(f"{name} {number_vi(n)}" for name, n in report["geometry_types"].items())
    yield f"  {file['driver'] or '?'}{inner}: {number_vi(rows['file'])} dòng · rows; {kinds}"
    yield paint("dim", f"  sha256 {file['sha256']}")


def _reading(report: dict[str, Any], paint: Any) -> Iterator[str]:  # noqa: ANN401
    reading = report["reading"]
    if reading is None:
        return
    crs = reading["crs"]
    code = f"EPSG:{crs['key']} " if crs["epsg"] else ""
    yield f"  Hệ tọa độ · system: {paint('cyan', code + crs['name'])} → WGS 84 ({crs['operation']})"
    if reading["encodings"]:
        found = ", ".join(sorted(set(reading["encodings"].values())))
        yield f"  Bảng mã · encoding: {paint('cyan', found)}"
    for each in reading["columns"]:
        title = f" ({each['title']['vi']})" if each["title"] else ""
        yield f"  {each['column']} → {paint('cyan', each['field'])}{title}"
    for name, value in reading["constants"].items():
        yield f"  «{value}» → {paint('cyan', name)}"
    if reading["ignored"]:
        yield paint("dim", f"  Bỏ qua · ignored: {', '.join(reading['ignored'])}")
    if reading["personal"]:
        names = ", ".join(reading["personal"])
        yield paint("yellow", f"  Dữ liệu cá nhân, không công khai · personal data, not public: {names}")


def _questions(report: dict[str, Any], paint: Any) -> Iterator[str]:  # noqa: ANN401
    for question in report["questions"]:
        yield paint("yellow", f"? {question['text']['vi']}")
        yield paint("dim", f"  {question['text']['en']}")
        for number, guess in enumerate(question["guesses"], 1):
            evidence = "; ".join(each["vi"] for each in guess["evidence"])
            share = percent_vi(guess["score"])
            answer = paint("cyan", f"{question['option']} {guess['key']}")
            yield f"  {number}. {answer}  {guess['label']['vi']}  {share}  {evidence}"


def _note(note: dict[str, Any], paint: Any) -> str:  # noqa: ANN401
    mark, colour = MARKS[note["severity"]]
    count = f"{number_vi(note['count'])} × " if note["count"] > 1 else ""
    place = ""
    if note["place"]:
        place = f" (tại {note['place'][0]:.5f}, {note['place'][1]:.5f})"
    listed = ", ".join(map(str, note["rows"][:5])) + ("…" if note["count"] > 5 else "")
    rows = f" [dòng {listed}]" if note["rows"] else ""
    english = paint("dim", f" · {note['text']['en']}")
    return f"  {paint(colour, mark)} {count}{note['text']['vi']}{rows}{place}{english}"


def _faults(report: dict[str, Any], paint: Any, most: int) -> Iterator[str]:  # noqa: ANN401
    rows, faults = report["rows"], report["faults"]
    if not rows["quarantined"]:
        return
    yield paint(
        "bold", f"Cách ly {number_vi(rows['quarantined'])} dòng · {rows['quarantined']} rows in quarantine"
    )
    for kind in faults["by_kind"]:
        column = f"«{kind['column']}»: " if kind["column"] else ""
        yield f"  {paint('yellow', number_vi(kind['count']))} × {column}{kind['text']['vi']}"
    for fault in faults["first"][:most]:
        value = f" («{fault['value']}»)" if fault["value"] is not None else ""
        reason = fault["reason"]
        english = paint("dim", f" · {reason['en']}")
        yield f"  Dòng · row {fault['row']}: {reason['vi']}{value}{english}"
    shown = min(most, len(faults["first"]))
    if (more := sum(kind["count"] for kind in faults["by_kind"]) - shown) > 0:
        yield paint("dim", f"  … và {number_vi(more)} lỗi nữa · and {more} more")


def _difference(report: dict[str, Any], paint: Any) -> Iterator[str]:  # noqa: ANN401
    found = report["difference"]
    if found is None:
        return
    yield paint("bold", f"So với lớp · against the layer ({report['mode']})")
    for name, vi, en in DIFFERENCE:
        if found[name]:
            yield f"  {paint('green', number_vi(found[name])):>12} {vi} {paint('dim', '· ' + en)}"
    if found["fields"]:
        counted = ", ".join(f"{name} {number_vi(n)}" for name, n in found["fields"].items())
        yield f"  Trường thay đổi · changed fields: {counted}"
    if not any(found[name] for name, *_ in DIFFERENCE):
        yield "  Không có gì · nothing"
