# ruff: noqa: E501 (tables are read in rows)
"""What stands where in a town plan, and with which figures: invented, in the range that plans give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

Figures = tuple[str | None, str | None, str | None, float]


@dataclass(frozen=True, slots=True)
class Function:
    """A function of planned land with its sign on plots and the figures that plans allow for it.

    ``choices`` holds density (%), floors, floor-area ratio, all as the text of a dossier (ranges and limits
    are kept as written), and people per hectare.
    """

    code: str
    sign: str
    name: str
    choices: tuple[Figures, ...]

    def figures(self, rng: np.random.Generator) -> Figures:
        """One of the choices."""
        return self.choices[int(rng.integers(len(self.choices)))]


_NONE: tuple[Figures, ...] = ((None, None, None, 0),)
_PUBLIC: tuple[Figures, ...] = (("≤ 40", "1–3", "≤ 1,2", 0), ("30–40", "≤ 5", "0,6–2,0", 0))
ROAD = Function("DAT_HTKT_DuongGT", "GT", "Đất đường giao thông", _NONE)
WATER = Function("Songsuoi", "MN", "Kênh, rạch", _NONE)

FUNCTIONS = {
    f.code: f
    for f in (
        ROAD,
        WATER,
        Function("DAT_O_Nhomnhao", "NO", "Đất nhóm nhà ở", (
            ("40–60", "2–5", "≤ 3,0", 220), ("≤ 80", "1–5", "≤ 4,0", 280), ("60-80", "≤ 5", "1,2–4,0", 250),
            ("50–70", "3 - 7", "≤ 4,9", 320),
        )),
        Function("DAT_O_Honhop_Nhomo", "HH", "Đất hỗn hợp nhóm nhà ở và dịch vụ", (
            ("≤ 60", "5–15", "≤ 9,0", 420), ("40–55", "≤ 12", "2,0–6,6", 380),
        )),
        Function("DAT_O_Langxom", "LX", "Đất ở làng xóm hiện hữu, chỉnh trang", (
            ("≤ 60", "1–3", "≤ 1,8", 110), ("30–50", "≤ 3", "0,3–1,5", 90),
        )),
        Function("DAT_HTXH_CayxanhCC", "CX", "Đất cây xanh sử dụng công cộng", (("≤ 5", "1", "≤ 0,05", 0),)),
        Function("DAT_Cayxanhchuyendung", "CXCD", "Đất cây xanh cách ly", _NONE),
        Function("DAT_HTXH_Truonghoc", "TH", "Đất trường học", (("≤ 40", "1–4", "≤ 1,6", 0), ("30–40", "≤ 3", "≤ 1,2", 0))),
        Function("TruongTHPT", "THPT", "Đất trường trung học phổ thông", (("≤ 40", "1–4", "≤ 1,6", 0),)),
        Function("Yte", "YT", "Đất y tế", (("≤ 40", "1–5", "≤ 2,0", 0), ("30–40", "≤ 9", "0,9–3,6", 0))),
        Function("Vanhoa", "VH", "Đất văn hóa", _PUBLIC),
        Function("Theducthethao", "TT", "Đất thể dục thể thao", (("≤ 30", "1–2", "≤ 0,6", 0),)),
        Function("DAT_Dichvu", "TMDV", "Đất thương mại, dịch vụ", (
            ("40–60", "3–9", "≤ 5,4", 0), ("≤ 60", "≤ 15", "≤ 9,0", 0),
        )),
        Function("DAT_SX_Congnghiep", "CN", "Đất công nghiệp, kho bãi", (("≤ 70", "1–3", "≤ 2,1", 0), ("50–60", "≤ 4", "≤ 2,4", 0))),
        Function("DAT_DaotaoNC", "DT", "Đất đào tạo, nghiên cứu", (("≤ 40", "2–7", "≤ 2,8", 0),)),
        Function("DAT_Coquan", "CQ", "Đất cơ quan, trụ sở", (("≤ 40", "2–9", "≤ 3,6", 0), ("≤ 60", "≤ 5", "≤ 3,0", 0))),
        Function("DAT_Ditich_tongiao", "TG", "Đất di tích, tôn giáo, tín ngưỡng", (("Theo hiện trạng", "1–2", None, 0),)),
        Function("DAT_Anninh", "AN", "Đất an ninh", (("Theo dự án riêng", None, None, 0),)),
        Function("DAT_Quocphong", "QP", "Đất quốc phòng", (("Theo dự án riêng", None, None, 0),)),
        Function("Baidoxe", "BX", "Đất bãi đỗ xe", (("≤ 20", "1–2", "≤ 0,4", 0),)),
        Function("Nghiatrang", "NT", "Đất nghĩa trang", _NONE),
        Function("Hatangkhac", "HTKT", "Đất hạ tầng kỹ thuật", (("≤ 40", "1–2", "≤ 0,8", 0),)),
        Function("DAT_NN_Nongnghiep", "NN", "Đất sản xuất nông nghiệp", _NONE),
        Function("DAT_KHAC_Honuoc", "MN", "Hồ điều hòa", _NONE),
        Function("DAT_Dulich", "DL", "Đất du lịch sinh thái", (("≤ 25", "1–3", "≤ 0,75", 0), ("15–25", "≤ 5", "≤ 1,0", 0))),
    )
}  # fmt: skip

# Weights by place: the centre, the town around it, the fringe, the industrial side.
FUNCTIONS_BY_PLACE: tuple[dict[str, float], ...] = (
    {"DAT_O_Nhomnhao": 38, "DAT_O_Honhop_Nhomo": 14, "DAT_Dichvu": 14, "DAT_Coquan": 9, "DAT_HTXH_CayxanhCC": 7,
     "DAT_HTXH_Truonghoc": 4, "TruongTHPT": 1, "Yte": 2, "Vanhoa": 3, "Theducthethao": 1.5, "DAT_Ditich_tongiao": 1.5,
     "Baidoxe": 2, "DAT_Anninh": 1, "DAT_KHAC_Honuoc": 1},
    {"DAT_O_Nhomnhao": 52, "DAT_O_Honhop_Nhomo": 7, "DAT_Dichvu": 6, "DAT_Coquan": 2, "DAT_HTXH_CayxanhCC": 10,
     "DAT_HTXH_Truonghoc": 5, "TruongTHPT": 1, "Yte": 1.5, "Vanhoa": 1, "Theducthethao": 2, "DAT_Ditich_tongiao": 1,
     "Baidoxe": 1.5, "DAT_DaotaoNC": 2, "Hatangkhac": 1.5, "DAT_KHAC_Honuoc": 2, "DAT_O_Langxom": 4, "DAT_Quocphong": 0.5},
    {"DAT_O_Nhomnhao": 26, "DAT_O_Langxom": 27, "DAT_NN_Nongnghiep": 20, "DAT_HTXH_CayxanhCC": 8, "DAT_Dichvu": 2,
     "DAT_HTXH_Truonghoc": 3, "DAT_KHAC_Honuoc": 4, "DAT_Dulich": 4, "Nghiatrang": 1, "Hatangkhac": 2,
     "DAT_Cayxanhchuyendung": 2, "DAT_Ditich_tongiao": 1},
    {"DAT_SX_Congnghiep": 46, "DAT_Cayxanhchuyendung": 12, "Hatangkhac": 6, "DAT_O_Nhomnhao": 14, "DAT_Dichvu": 5,
     "Baidoxe": 4, "DAT_O_Langxom": 8, "DAT_HTXH_CayxanhCC": 4, "DAT_KHAC_Honuoc": 2},
)  # fmt: skip
