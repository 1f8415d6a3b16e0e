"""Why a body has a case, in words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layers.description import Text

if TYPE_CHECKING:
    from geo.routing.types import Body, Rule, Stated
    from geo.units import Addressed, Candidate, Placement

NO_LOCATION = Text(
    vi="Phản ánh không có vị trí; người trực sẽ xác định nơi xảy ra.",
    en="The report has no position; a person will find the place.",
)
NOBODYS = Text(
    vi="Không nhận ra xã, phường nào của tỉnh trong địa chỉ.",
    en="No ward of the province was recognised in the address.",
)
OUTSIDE = Text(vi="Vị trí nằm ngoài mọi xã, phường.", en="The place lies outside every ward.")
AFTERWARDS = Text(
    vi="Ghi sau khi phản ánh đã có: không đến qua cửa tiếp nhận.",
    en="Recorded after the fact: the report did not come by the door of intake.",
)
A_PERSON = Text(vi="Người trực sẽ quyết định.", en="A person will decide.")


def of_place(placement: Placement, stated: Stated | None = None) -> Text:
    """Which ward the place belongs to, how sure that is, and what the reporter said of it."""
    measured = _measured(placement)
    return joined(measured, _of_statement(stated)) if stated is not None else measured


def _of_statement(stated: Stated) -> Text:
    if stated.unit is None:
        return Text(
            vi=f"Người gửi chọn «{stated.said}», không phải đơn vị nào ở gần nơi này.",
            en=f"The reporter chose '{stated.said}', which is none of the units near this place.",
        )
    name = stated.unit.name
    if stated.followed:
        return Text(
            vi=f"Người gửi cho biết nơi này thuộc {name}: chọn {name}.",
            en=f"The reporter says that the place is in {name}: {name} was chosen.",
        )
    return Text(
        vi=f"Người gửi chọn {name}; vị trí đã rõ nên không theo.",
        en=f"The reporter chose {name}; the position is clear and decides.",
    )


def _measured(placement: Placement) -> Text:
    chosen = placement.chosen
    if chosen is None:
        return OUTSIDE
    name, border_m = chosen.unit.name, chosen.border_m
    others = ", ".join(other.unit.name for other in placement.candidates if other is not chosen)
    match placement.confidence:
        case "inside":
            return Text(
                vi=f"Vị trí nằm trong {name}, cách ranh giới {border_m:.0f} m.",
                en=f"The place lies in {name}, {border_m:.0f} m from its border.",
            )
        case "overlap":
            return Text(
                vi=f"Ranh giới trong dữ liệu chồng nhau tại đây: {name}, {others}."
                " Chọn đơn vị có diện tích nhỏ hơn.",
                en=f"The boundaries overlap here: {name}, {others}. The unit of the smaller area was chosen.",
            )
        case "gap_snapped":
            return Text(
                vi=f"Vị trí rơi vào khe giữa các ranh giới; {name} gần nhất, cách {chosen.distance_m:.1f} m.",
                en=f"The place falls in a slit between boundaries; {name} is nearest,"
                f" {chosen.distance_m:.1f} m away.",
            )
    beside = (f" Bên kia là {others}.", f" Beyond it: {others}.") if others else ("", "")
    return Text(
        vi=f"Vị trí thuộc {name} nhưng chỉ cách ranh giới {border_m:.0f} m"
        f" (độ chắc chắn ±{placement.threshold_m:.0f} m).{beside[0]}",
        en=f"The place belongs to {name} but lies only {border_m:.0f} m from its border"
        f" (certain to ±{placement.threshold_m:.0f} m).{beside[1]}",
    )


def of_address(address: str, found: Addressed, stated: Stated | None) -> Text:
    """What an address says of a case that has no point."""
    names = ", ".join(unit.name for unit in found.units)
    olds = ", ".join(unit.name for unit, heirs in found.through if unit not in heirs)
    former = (f" (địa chỉ cũ: {olds})", f" (a former address: {olds})") if olds else ("", "")
    match found.answer:
        case "none":
            means = NOBODYS
        case "one":
            means = Text(
                vi=f"Địa chỉ cho biết {names}{former[0]}.", en=f"The address says {names}{former[1]}."
            )
        case "ask":
            means = Text(
                vi=f"Địa chỉ có thể thuộc {names}{former[0]}: cần hỏi lại.",
                en=f"The address may be in {names}{former[1]}: the reporter is to be asked.",
            )
    chosen = stated.unit if stated is not None else None
    if chosen is not None:
        words = Text(vi=f"Người gửi chọn {chosen.name}.", en=f"The reporter chose {chosen.name}.")
        means = joined(means, words)
    told = Text(vi=f"Chỉ có địa chỉ «{address}».", en=f"There is only the address '{address}'.")
    return joined(joined(told, means), NO_LOCATION)


def of_waters(rule: Rule, near: Candidate) -> Text:
    """The ward that is nearest to a place outside all of them, within a layer such as legal waters."""
    name, metres = near.unit.name, near.distance_m
    return joined(
        OUTSIDE,
        Text(
            vi=f"Trong lớp {rule.layer}, gần nhất là {name}, cách {metres:.0f} m.",
            en=f"Within the layer {rule.layer} the nearest is {name}, {metres:.0f} m away.",
        ),
    )


def of_rule(rule: Rule, version: int, body: Body, place: Text) -> Text:
    """The rule that gave the case to another body than the ward, after what is known of the place."""
    return Text(
        vi=f"{place.vi} Theo quy tắc «{rule.id}» (bản {version}): {body.title.vi}.",
        en=f"{place.en} By rule '{rule.id}' (version {version}): {body.title.en}.",
    )


def of_failure(rule: Rule, error: str) -> Text:
    """A rule could not be asked: nothing after it is asked either."""
    return Text(
        vi=f"Quy tắc «{rule.id}» không đánh giá được: {error} {A_PERSON.vi}",
        en=f"Rule '{rule.id}' could not be evaluated: {error} {A_PERSON.en}",
    )


def of_source(unit: str, place: Text) -> Text:
    """A report that came from elsewhere named its unit, which is not what the router says of its place."""
    said = Text(
        vi=f"Nguồn dữ liệu đã ghi đơn vị {unit}.", en=f"The source of the data names the unit {unit}."
    )
    return joined(said, place)


def of_import(unit: str, place: Text) -> Text:
    """The file named no unit; its import took the ward of the place as it is today."""
    said = Text(
        vi=f"Tệp nạp không ghi đơn vị: theo địa giới lúc nạp, vị trí thuộc {unit}.",
        en=f"The imported file names no unit: by the borders at its import the place is in {unit}.",
    )
    return joined(said, place)


def joined(first: Text, second: Text) -> Text:
    """Two sentences in both languages."""
    return Text(vi=f"{first.vi} {second.vi}", en=f"{first.en} {second.en}")
