"""What is said to people about coordinate systems: evidence, questions and findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.types import Ambiguity, Guess, Note
from etl.wording import number_vi, percent_vi
from layers.description import Text

if TYPE_CHECKING:
    from etl.georef.fit import Fit
    from etl.types import CrsChoice

MOST_CHOICES, MOST_RIVALS = 12, 3


def evidence(fit: Fit, *, declared: bool, local: bool = False) -> tuple[Text, ...]:
    """What a candidate rests on, in words."""
    lines = [
        Text(
            vi=f"{percent_vi(fit.inside)} trong ranh giới địa phương",
            en=f"{fit.inside:.1%} within the tenant's wards",
        ),
        Text(
            vi=f"chạm {fit.wards} xã, phường;"
            f" {number_vi(fit.loss, 1)}/{fit.shapes} hình vắt qua hoặc lạc khỏi ranh giới",
            en=f"touches {fit.wards} wards; {fit.loss:.1f} of {fit.shapes} shapes cross borders or stray",
        ),
    ]
    if local:
        lines.insert(
            0,
            Text(
                vi="kinh tuyến trục của tỉnh theo Thông tư 26/2024/TT-BTNMT",
                en="the province's central meridian by Circular 26/2024/TT-BTNMT",
            ),
        )
    if declared:
        lines.insert(0, Text(vi="tệp khai như vậy", en="declared by the file"))
    return tuple(lines)


def guess(fit: Fit, named: CrsChoice | None, local: frozenset[int]) -> Guess:
    """A candidate as it is shown: the score is the share of shapes that lie right."""
    name = f"{fit.system.name} (EPSG:{fit.system.epsg})"
    label = Text(
        vi=name + (", đảo trục" if fit.system.swapped else ""),
        en=name + (", northing first" if fit.system.swapped else ""),
    )
    score = fit.inside * (1 - min(1.0, fit.loss / max(fit.shapes, 1)))
    reasons = evidence(fit, declared=fit.system == named, local=fit.system.epsg in local)
    return Guess(fit.system.key, label, round(score, 4), reasons)


def ambiguity(guesses: tuple[Guess, ...]) -> Ambiguity:
    """The question to a person, with ranked candidates."""
    if guesses:
        text = Text(
            vi="Nhiều hệ tọa độ cùng khớp với ranh giới: cần người chọn.",
            en="Several coordinate systems fit the wards: a person must choose.",
        )
    else:
        text = Text(
            vi="Tệp không cho biết hệ tọa độ và không có gì để so: cần người chọn.",
            en="The file does not tell its coordinate system and there is nothing to compare with.",
        )
    return Ambiguity("crs", text, guesses[:MOST_CHOICES], "--crs")


def set_aside(named: CrsChoice | None, mine: Fit | None, best: Fit) -> Note:
    """The declaration was wrong; what was taken in its place, and why."""
    was = named.name if named else "—"
    here = best.system
    order = " (đảo trục)" if here.swapped else ""
    against = "" if mine is None else f", so với {number_vi(mine.loss, 1)} nếu theo khai báo"
    against_en = "" if mine is None else f" against {mine.loss:.1f} by the declaration"
    return Note(
        "crs_declaration_wrong",
        "repaired",
        Text(
            vi=f"Tệp khai {was}, nhưng dữ liệu nằm đúng chỗ theo {here.name}{order}, EPSG:{here.epsg}:"
            f" {percent_vi(best.inside)} trong ranh giới, {number_vi(best.loss, 1)} hình vắt qua{against}.",
            en=f"The file declares {was}, yet the data lie right in"
            f" {here.name}{order and ' (northing first)'}, EPSG:{here.epsg}: {best.inside:.1%} within wards,"
            f" {best.loss:.1f} shapes astray{against_en}.",
        ),
    )


def contradicted(mine: Fit, best: Fit) -> Note:
    """The declaration fits, another system fits better, and the proof is too thin to overrule."""
    return Note(
        "crs_doubtful",
        "info",
        Text(
            vi=f"Khai báo {mine.system.name} khớp, nhưng {best.system.name} khớp ranh giới hơn.",
            en=f"The declared {mine.system.name} fits, yet {best.system.name} fits the borders better.",
        ),
    )


def elsewhere(mine: Fit, local: Fit) -> Note:
    """A declared zone that is not the province's, while the province's own fits as well."""
    return Note(
        "crs_not_local",
        "info",
        Text(
            vi=f"Tệp khai {mine.system.name}, không phải múi quen dùng của địa phương; "
            f"{local.system.name} cũng khớp.",
            en=f"The declared {mine.system.name} is not the province's; {local.system.name} fits too.",
        ),
    )


def others_fit(mine: Fit, others: list[Fit]) -> Note:
    """The declaration stands, and the borders alone would not tell it from other systems."""
    names = "; ".join(f"{fit.system.name} (EPSG:{fit.system.epsg})" for fit in others[:MOST_RIVALS])
    return Note(
        "crs_others_fit",
        "info",
        Text(
            vi=f"Theo khai báo {mine.system.name}. Ranh giới xã, phường không bác được: {names}."
            " Xem vị trí trên bản đồ trước khi nạp; sai thì chọn lại bằng --crs.",
            en=f"By its declaration {mine.system.name}. The wards' borders do not rule out: {names}."
            " Look at the map before landing; where it is wrong, say --crs.",
        ),
    )


def nowhere(fits: list[Fit], named: CrsChoice | None) -> Note:
    """No system brings the data to the tenant's ground."""
    best = max(fits, key=lambda fit: fit.inside, default=None)
    shown = "" if best is None else f" ({best.system.name}: {percent_vi(best.inside)})"
    said = named.name if named else "không khai báo"
    return Note(
        "crs_nowhere",
        "refused",
        Text(
            vi=f"Không hệ tọa độ nào đưa dữ liệu vào địa bàn{shown}; tệp khai: {said}."
            " Nếu dữ liệu đúng là của nơi khác, chọn hệ tọa độ bằng --crs.",
            en=f"No coordinate system brings the data to the tenant's ground{shown}; declared: "
            f"{named.name if named else 'nothing'}. If they do belong elsewhere, say --crs.",
        ),
    )


def by_answer(given: CrsChoice, mine: Fit | None, best: Fit | None) -> Note:
    """What the user chose, and how it fits."""
    share = mine.inside if mine else 0.0
    better = best is not None and best.inside > share + 0.2
    hint_vi = f"; {best.system.name} đạt {percent_vi(best.inside)}" if better and best else ""
    hint_en = f"; {best.system.name} reaches {best.inside:.1%}" if better and best else ""
    return Note(
        "crs_chosen",
        "info",
        Text(
            vi=f"Hệ tọa độ do người dùng chọn: {given.name} ({given.key}):"
            f" {percent_vi(share)} trong ranh giới{hint_vi}.",
            en=f"Coordinate system chosen by the user: {given.name} ({given.key}):"
            f" {share:.1%} within wards{hint_en}.",
        ),
    )
