"""Groups of categories that the public may ask for. Fixed: a finer choice would single people out."""

from __future__ import annotations

GROUPS: dict[str, tuple[str, ...]] = {
    "giao_thong": ("GT", "CS", "ATGT"),
    "nuoc_moi_truong": ("CTN", "MT", "TO", "CX"),
    "do_thi_dat_dai": ("TTDT", "TTXD", "DD", "QC"),
    "an_toan": ("PCCC", "DVT", "TT"),
    "doi_song": ("ATTP", "YT", "GD", "DL", "NN", "VN", "KHAC"),
}
TITLES = {
    "giao_thong": ("Giao thông, chiếu sáng", "Roads and lighting"),
    "nuoc_moi_truong": ("Nước, môi trường, cây xanh", "Water, environment, trees"),
    "do_thi_dat_dai": ("Trật tự đô thị, xây dựng, đất đai", "Urban order, building, land"),
    "an_toan": ("Cháy nổ, điện, thiên tai", "Fire, electricity, disasters"),
    "doi_song": ("Đời sống, y tế, nông nghiệp, khác", "Daily life, health, farming, other"),
}
# Reports of several groups that had to be told together.
MIXED = "mixed"
REST = "doi_song"
# Public order and conduct of officials: never public (see geo/reports), and in no group.
WITHHELD = frozenset({"ANTT", "HC"})
_OF = {category: group for group, categories in GROUPS.items() for category in categories}


def group_of(category: str) -> str | None:
    """The group of a category; a category that is new belongs to the rest; None for what is never told."""
    return None if category in WITHHELD else _OF.get(category, REST)
