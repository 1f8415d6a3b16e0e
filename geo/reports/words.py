"""What happens next with a report, in words for its sender. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layers.description import Text

if TYPE_CHECKING:
    from geo.reports.types import Receipt

# A report is no emergency call.
URGENT = {
    "PCCC": Text(
        vi="Nếu đang có cháy nổ, hãy gọi ngay 114.", en="If something is burning, call 114 at once."
    ),
    "ANTT": Text(
        vi="Nếu đang có nguy hiểm, hãy gọi ngay 113.", en="If anyone is in danger, call 113 at once."
    ),
    "YT": Text(
        vi="Nếu cần cấp cứu, hãy gọi ngay 115.", en="If someone needs an ambulance, call 115 at once."
    ),
}
_WAITING = {
    "received": Text(
        vi="Trung tâm điều hành sẽ xác định đơn vị xử lý.",
        en="The operation centre will find the body in charge.",
    ),
    "unplaced": Text(
        vi="Trung tâm điều hành sẽ xác định vị trí theo địa chỉ đã báo.",
        en="The operation centre will find the place by the address that was given.",
    ),
    "verifying": Text(vi="{ward} đang xác minh phản ánh.", en="{ward} is verifying the report."),
    "needs_info": Text(
        vi="{ward} cần thêm thông tin. Xin gửi phản ánh mới và ghi mã này.",
        en="{ward} needs more information. Please send a new report and quote this code.",
    ),
    "forwarded": Text(
        vi="Phản ánh đã được chuyển tới {ward}. Đơn vị này sẽ kiểm tra và xử lý.",
        en="The report was passed to {ward}, which will check and act on it.",
    ),
    "in_progress": Text(vi="{ward} đang xử lý.", en="{ward} is working on it."),
    "returned": Text(
        vi="Đơn vị nhận báo không thuộc thẩm quyền; trung tâm điều hành sẽ chuyển lại.",
        en="The body said that it is not competent; the operation centre will pass it on.",
    ),
    "resolved": Text(
        vi="{ward} báo đã xử lý xong, đang chờ đánh giá.",
        en="{ward} says that it is resolved; it awaits a rating.",
    ),
    "closed": Text(vi="Phản ánh đã được đóng.", en="The report is closed."),
    "rejected": Text(vi="Phản ánh không được tiếp nhận.", en="The report was not accepted."),
    "duplicate": Text(
        vi="Sự việc đã được phản ánh trước đó và đang được theo dõi chung.",
        en="The matter was reported before and is followed together with it.",
    ),
}
_NOBODY = Text(vi="đơn vị xử lý", en="the body in charge")
_TOGETHER = Text(
    vi="Sự việc này đã được {others} người khác phản ánh và được theo dõi chung.",
    en="This matter was also reported by {others} others and is followed together.",
)
_KEEP = Text(
    vi="Xin giữ mã {code} để theo dõi.",
    en="Keep the code {code} to follow it.",
)
_NEAR = Text(
    vi="Vị trí sát ranh giới: nếu thuộc đơn vị bên cạnh, phản ánh sẽ được chuyển sang.",
    en="The place is close to a border: if it belongs to the neighbour, the report will be handed over.",
)


def next_steps(receipt: Receipt) -> Text:
    """What the sender may expect now."""
    stage = "unplaced" if receipt.status == "received" and not receipt.located else receipt.status
    waiting = _WAITING.get(stage, _WAITING["received"])
    others = receipt.incident.reports - 1 if receipt.incident else 0
    ward = Text(vi=receipt.ward_name or _NOBODY.vi, en=receipt.ward_name or _NOBODY.en)
    parts = [waiting]
    if receipt.status in ("received", "forwarded"):
        if receipt.confidence not in (None, "inside", "no_location"):
            parts.append(_NEAR)
        if others:
            parts.append(_TOGETHER)
        parts.append(_KEEP)
        if receipt.category in URGENT:
            parts.insert(0, URGENT[receipt.category])
    more = {"code": receipt.code, "others": others}
    filled = [(part.vi.format(ward=ward.vi, **more), part.en.format(ward=ward.en, **more)) for part in parts]
    return Text(
        vi=" ".join(_sentence(vi) for vi, _ in filled), en=" ".join(_sentence(en) for _, en in filled)
    )


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
