# ruff: noqa: E501 (tables are read in rows)
"""What people write: several wordings a category, with places put in. Invented."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.demo.people import HAMLETS, STREETS, pick

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WORDINGS: dict[str, tuple[str, ...]] = {
    "GT": ("Ổ gà lớn trên đường {street}, xe máy dễ té nhất là khi trời tối",
           "Mặt đường {street} bị bong tróc, đọng nước sau mưa", "Biển báo giao thông bị ngã ở đầu {hamlet}",
           "Đèn tín hiệu ngã tư {street} – {other} không hoạt động từ sáng", "Cầu bê tông {hamlet} bị nứt, lan can gãy",
           "Lộ nông thôn {hamlet} sạt mất nửa mặt đường, xe tải không qua được"),
    "CS": ("Đèn đường {street} tắt gần một tuần nay", "Đoạn đường {hamlet} tối om, đèn chiếu sáng hư hết",
           "Trụ đèn trước nhà số {number} {street} chớp tắt liên tục", "Đèn đường {street} sáng cả ban ngày"),
    "CTN": ("Đường {street} ngập hơn nửa mét sau mưa, xe chết máy", "Nắp cống trước số {number} {street} bị mất, rất nguy hiểm",
            "Cống {hamlet} nghẹt, nước đen tràn vào nhà dân", "Nước sinh hoạt khu {hamlet} yếu và đục ba ngày nay",
            "Triều cường tràn bờ bao {hamlet}, nước vào sân trường", "Hố ga {street} sụp, nước thải chảy ra đường"),
    "MT": ("Rác thải sinh hoạt tồn đọng ở {street} không ai thu gom", "Bãi rác tự phát sau chợ {hamlet} bốc mùi hôi",
           "Xe rác không vào hẻm {number} {street} đã bốn ngày", "Cơ sở xay xát ở {hamlet} xả khói bụi cả ngày",
           "Nước kênh {hamlet} đổi màu, cá chết nổi trắng", "Mùi hôi từ trại chăn nuôi {hamlet} rất nặng về chiều tối"),
    "TO": ("Hát karaoke loa kéo quá khuya ở {hamlet}", "Quán nhậu số {number} {street} mở nhạc lớn đến 1 giờ sáng",
           "Công trình {street} khoan đục ngoài giờ, cả xóm không ngủ được", "Xưởng mộc {hamlet} chạy máy suốt trưa"),
    "TTDT": ("Buôn bán lấn chiếm hết vỉa hè {street}", "Xe đẩy bán hàng rong đứng kín lòng đường trước chợ {hamlet}",
             "Quán ăn số {number} {street} kê bàn ghế ra lòng đường", "Mái che nhà số {number} {street} lấn ra lộ giới"),
    "TTXD": ("Nhà số {number} {street} xây thêm tầng không thấy bảng giấy phép", "San lấp, xây nhà trên đất ruộng ở {hamlet}",
             "Công trình {street} làm nứt tường nhà bên cạnh", "Xây lấn ra kênh ở {hamlet}"),
    "DD": ("Có người cắm cọc chiếm đất công ở {hamlet}", "Bờ kênh công cộng {hamlet} bị rào lại trồng cây",
           "Đổ đất lấp mương thoát nước chung tại {hamlet}", "Tranh chấp ranh đất với đường đi chung {hamlet}"),
    "CX": ("Cây trước số {number} {street} ngã đè dây điện sau giông", "Nhánh cây khô {street} sắp gãy xuống đường",
           "Công viên {street} cỏ mọc cao, ghế đá hư", "Cây xanh {street} che khuất đèn tín hiệu"),
    "ANTT": ("Thanh niên tụ tập đua xe ở {street} lúc nửa đêm", "Nghi có tụ điểm đánh bạc tại {hamlet}",
             "Có người lạ rình mò, mất trộm xe ở {hamlet}", "Nhóm người gây gổ, đập phá ở quán {street}"),
    "ATGT": ("Ô tô đậu hai bên {street} gây kẹt xe giờ tan trường", "Xe tải chạy giờ cấm qua {street}",
             "Ngã ba {hamlet} hay xảy ra tai nạn, cần gờ giảm tốc", "Xe ba gác chở cồng kềnh chạy ngược chiều {street}",
             "Học sinh chạy xe máy không đội nón bảo hiểm trước trường {street}"),
    "PCCC": ("Đốt đồng ở {hamlet} cháy lan sát nhà dân", "Tủ điện chung cư {street} có mùi khét",
             "Kho chứa phế liệu {hamlet} không có bình chữa cháy", "Trụ nước chữa cháy {street} bị đậu xe che kín"),
    "DVT": ("Dây cáp viễn thông sà thấp ngang đường {street}", "Trụ điện {hamlet} nghiêng về phía nhà dân",
            "Cúp điện {hamlet} không báo trước từ trưa", "Dây điện đứt rơi xuống ruộng ở {hamlet}",
            "Mạng internet khu {street} mất kết nối hai ngày"),
    "ATTP": ("Quán cơm {street} làm đồ ăn sát cống, nhiều ruồi", "Nghi ngộ độc sau khi ăn bánh mì ở {street}",
             "Chợ {hamlet} bán thịt không có dấu kiểm dịch", "Nước đá {hamlet} có cặn lạ"),
    "YT": ("Xóm {hamlet} có nhiều người sốt xuất huyết, cần phun thuốc muỗi", "Trạm y tế thiếu thuốc bảo hiểm",
           "Hút thuốc lá trong khuôn viên bệnh viện {street}", "Ao tù ở {hamlet} nhiều lăng quăng"),
    "GD": ("Cổng trường {street} kẹt cứng giờ tan học", "Trường ở {hamlet} thu khoản ngoài quy định",
           "Phòng học {hamlet} dột khi mưa", "Bếp ăn trường {street} cần kiểm tra"),
    "HC": ("Hồ sơ đất đai trễ hẹn hai tuần chưa có kết quả", "Cán bộ một cửa hướng dẫn hồ sơ không rõ, phải đi lại nhiều lần",
           "Nộp hồ sơ trực tuyến bị trả lại mà không nêu lý do", "Đề nghị xem lại thái độ tiếp dân tại bộ phận một cửa"),
    "QC": ("Quảng cáo rao vặt dán kín trụ điện {street}", "Bảng quảng cáo {street} bung ốc, sắp rơi",
           "Tờ rơi cho vay rải đầy {hamlet}", "Băng rôn quá hạn trên {street} chưa tháo"),
    "DL": ("Bãi giữ xe khu du lịch {hamlet} lấy giá cao", "Quán ăn {street} không niêm yết giá, tính tiền khách du lịch quá cao",
           "Điểm tham quan {hamlet} nhà vệ sinh hư", "Xuồng chở khách {hamlet} thiếu áo phao"),
    "NN": ("Rầy nâu xuất hiện nhiều trên lúa ở {hamlet}", "Heo chết vứt xuống kênh {hamlet}", "Vịt chạy đồng phá lúa mới sạ ở {hamlet}",
           "Vườn xoài {hamlet} bị thán thư nặng, nhờ hỗ trợ", "Máy bơm trạm {hamlet} hỏng, ruộng thiếu nước"),
    "VN": ("Chó thả rông rượt người đi bộ ở {street}", "Bò thả rông trên lộ {hamlet}", "Đàn chó không rọ mõm ở công viên {street}"),
    "TT": ("Sạt lở bờ sông {hamlet} ăn sâu vào nhà dân", "Lốc xoáy tốc mái nhiều nhà ở {hamlet}",
           "Đê bao {hamlet} có nguy cơ vỡ", "Nước lũ lên nhanh ở {hamlet}, cần bao cát"),
    "KHAC": ("Đề nghị lắp thêm camera ở {street}", "Góp ý giờ mở cửa nhà văn hóa {hamlet}", "Nhặt được giấy tờ rơi ở {street}",
             "Loa phát thanh {hamlet} rè, nghe không rõ"),
}  # fmt: skip
OPENINGS = (
    "",
    "",
    "",
    "Kính gửi cơ quan chức năng: ",
    "Tôi xin phản ánh: ",
    "Người dân phản ánh: ",
    "Dạ, ",
    "Nhờ kiểm tra giúp: ",
)
CLOSINGS = ("", "", "", ". Mong sớm xử lý", ". Xin cảm ơn", ", đã báo nhưng chưa thấy ai xuống", ". Đề nghị xã, phường kiểm tra",
            ". Tình trạng này kéo dài hơn một tháng")  # fmt: skip


def texts(categories: NDArray[np.object_], rng: np.random.Generator) -> list[str]:
    """One text for each category given."""
    count = len(categories)
    street, other, hamlet = pick(STREETS, count, rng), pick(STREETS, count, rng), pick(HAMLETS, count, rng)
    opening, closing = pick(OPENINGS, count, rng), pick(CLOSINGS, count, rng)
    which, number = rng.random(count), rng.integers(2, 480, count)
    found = []
    for i, category in enumerate(categories):
        wordings = WORDINGS[category]
        words = wordings[int(which[i] * len(wordings))]
        said = words.format(street=street[i], other=other[i], hamlet=f"ấp {hamlet[i]}", number=number[i])
        said = said if not opening[i] else opening[i] + said[0].lower() + said[1:]
        found.append(f"{said}{closing[i]}.")
    return found
