"""Words of the catalogue: codes of ISO 19115-1 in Vietnamese and English, and titles of links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layers.description import Text

if TYPE_CHECKING:
    from layers.description import Topic, UpdateCycle

CYCLES: dict[UpdateCycle, Text] = {
    "continual": Text(vi="Liên tục", en="Continual"),
    "daily": Text(vi="Hằng ngày", en="Daily"),
    "weekly": Text(vi="Hằng tuần", en="Weekly"),
    "monthly": Text(vi="Hằng tháng", en="Monthly"),
    "quarterly": Text(vi="Hằng quý", en="Quarterly"),
    "annually": Text(vi="Hằng năm", en="Annually"),
    "asNeeded": Text(vi="Khi có thay đổi", en="As needed"),
    "irregular": Text(vi="Không định kỳ", en="Irregular"),
    "unknown": Text(vi="Chưa khai báo", en="Not stated"),
}
TOPICS: dict[Topic, Text] = {
    "boundaries": Text(vi="Địa giới", en="Boundaries"),
    "economy": Text(vi="Kinh tế", en="Economy"),
    "environment": Text(vi="Môi trường", en="Environment"),
    "farming": Text(vi="Nông nghiệp", en="Farming"),
    "health": Text(vi="Y tế", en="Health"),
    "location": Text(vi="Vị trí", en="Location"),
    "planningCadastre": Text(vi="Quy hoạch và địa chính", en="Planning and cadastre"),
    "society": Text(vi="Xã hội", en="Society"),
    "structure": Text(vi="Công trình", en="Structures"),
    "transportation": Text(vi="Giao thông", en="Transportation"),
    "utilitiesCommunication": Text(vi="Hạ tầng và viễn thông", en="Utilities and communication"),
}
TITLES: dict[str, Text] = {
    "catalogue": Text(vi="Danh mục dữ liệu", en="Catalogue"),
    "described": Text(
        vi="Các lớp dữ liệu, dịch vụ và nguồn của chúng: chủ quản, điều kiện sử dụng, chu kỳ cập nhật,"
        " nguồn gốc, chất lượng.",
        en="Layers, services and where they come from: owner, licence, update cycle, lineage, quality.",
    ),
    "ogc": Text(
        vi="Dịch vụ OGC API: đối tượng, ô bản đồ, danh mục, xử lý",
        en="OGC API service: features, tiles, records, processes",
    ),
    "by_layer": Text(vi="Theo từng lớp dữ liệu", en="As stated for each layer"),
    "items": Text(vi="Các đối tượng", en="Items"),
    "tiles": Text(vi="Ô bản đồ vectơ", en="Vector tiles"),
    "page": Text(vi="Các trường, mã và cách mở lớp dữ liệu", en="Fields, codes and how to open the layer"),
    "loaded": Text(vi="Nạp từ tệp", en="Loaded from the file"),
    "next": Text(vi="Trang sau", en="Next page"),
    "prev": Text(vi="Trang trước", en="Previous page"),
    "sortables": Text(vi="Các trường sắp xếp được", en="Sortables"),
    "queryables": Text(vi="Các trường lọc được", en="Queryables"),
}
