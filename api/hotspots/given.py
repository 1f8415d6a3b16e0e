"""The parameters that the doors of hotspots share, each written once."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

From = Annotated[str | None, Query(alias="from", description="Từ ngày / from day")]
To = Annotated[str | None, Query(description="Đến ngày (không gồm) / until, exclusive")]
Category = Annotated[str | None, Query(description="Mã lĩnh vực, cách nhau bằng dấu phẩy / codes (staff)")]
Channel = Annotated[str | None, Query(description="Mã kênh / channel codes (staff)")]
Ward = Annotated[str | None, Query(description="Mã xã, phường / ward codes (staff)")]
Group = Annotated[str | None, Query(description="Nhóm lĩnh vực (công chúng) / group (public)")]
Box = Annotated[str | None, Query(description="tây,nam,đông,bắc / west,south,east,north")]
Resolution = Annotated[str | None, Query(description="Độ phân giải H3, 5–9 / H3 resolution")]
State = Annotated[
    str | None, Query(description="hot99,hot95,hot90,none,cold90,cold95,cold99,few; all (staff)")
]
From2 = Annotated[str | None, Query(description="Giai đoạn trước, từ / earlier period, from (staff)")]
To2 = Annotated[str | None, Query(description="Giai đoạn trước, đến (không gồm) / until, exclusive (staff)")]
Bandwidth = Annotated[str | None, Query(description="Bán kính làm trơn, mét, 300–5000 / bandwidth, metres")]

# The question as it came: values by name, nothing read yet.
Question = dict[str, str | None]


def _given(
    *, from_: From = None, to: To = None, category: Category = None, channel: Channel = None,
    ward: Ward = None, group: Group = None,
) -> Question:  # fmt: skip
    return {
        "from": from_, "to": to, "category": category, "channel": channel, "ward": ward, "group": group,
    }  # fmt: skip


def _for_staff(
    from_: From = None, to: To = None, category: Category = None, channel: Channel = None
) -> Question:
    return {"from": from_, "to": to, "category": category, "channel": channel}


# What everybody may ask, and what only doors of staff take.
Given = Annotated[Question, Depends(_given)]
GivenByStaff = Annotated[Question, Depends(_for_staff)]
