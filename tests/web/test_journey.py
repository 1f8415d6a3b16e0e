"""The main job, end to end: one command, a province in the browser, a report that reaches its ward."""

from __future__ import annotations

import io
import json
import os
import re
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
import shapely.geometry
from PIL import Image
from playwright.sync_api import expect

from tests.web.conftest import Product, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1_800)]

ROOT = Path(__file__).parent.parent.parent
# Inside Phường Cao Lãnh, in the demonstration's wards and in the real ones.
CAO_LANH = (105.6305, 10.4600)
WARD = "Phường Cao Lãnh"
BLUE = (11, 79, 158)
# A dense picture is drawn without a graphics card, in seconds here and in minutes on a machine that is busy.
DRAWN_MS = 300_000


def get(product: Product, path: str) -> Any:
    with urllib.request.urlopen(product.url + path, timeout=60) as answer:
        return json.load(answer)


def on_map(page: Page, product: Product, path: str = "/") -> None:
    """Open the map and wait for its picture."""
    page.goto(product.url + path)
    page.wait_for_selector("html[data-map='idle']", state="attached", timeout=DRAWN_MS)


def keep(page: Page, name: str, where: Path) -> np.ndarray[Any, Any]:
    """A picture of the page, kept where DIABAN_PICTURES says (the README's comes from here)."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    folder = Path(os.environ.get("DIABAN_PICTURES") or where)
    folder.mkdir(parents=True, exist_ok=True)
    picture.quantize(256, dither=Image.Dither.NONE).save(folder / f"{name}.png", optimize=True)
    return np.asarray(picture)


def send_report(page: Page, lon: float, lat: float) -> str:
    """Fill the form without touching the map, send, and read the code."""
    page.get_by_test_id("report-open").first.click()
    page.get_by_test_id("report-lat").fill(str(lat))
    page.get_by_test_id("report-lon").fill(str(lon))
    expect(page.get_by_test_id("report-ward").first).to_contain_text(WARD)
    page.get_by_test_id("report-category").select_option("GT")
    page.get_by_test_id("report-text").fill("Ổ gà lớn trước cổng trường, xe máy dễ ngã.")
    photo = io.BytesIO()
    Image.new("RGB", (800, 600), (90, 120, 90)).save(photo, "JPEG")
    page.get_by_test_id("report-photo").set_input_files(
        {"name": "o-ga.jpg", "mimeType": "image/jpeg", "buffer": photo.getvalue()}
    )
    page.get_by_test_id("report-send").click()
    receipt = page.get_by_test_id("report-receipt")
    expect(receipt).to_be_visible()
    expect(receipt).to_contain_text(WARD)
    return page.get_by_test_id("report-code").inner_text().strip()


def test_a_second_up_takes_seconds(product: Product) -> None:
    """Nothing is made again: the first time there was several times as much to do."""
    assert product.up() <= product.first_up_cpu_s / 3


def test_the_map_shows_the_province(product: Product, browser: Browser, tmp_path: Path) -> None:
    with opened(browser) as page:
        on_map(page, product, "/?c=105.632,10.456,13.2")
        picture = keep(page, "map", tmp_path)
        page.goto(product.url + "/")
        page.wait_for_selector("html[data-map='idle']", state="attached", timeout=DRAWN_MS)
        keep(page, "province", tmp_path)
    # A map that draws nothing has a handful of colours; zoning alone has dozens.
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 200
    assert picture.std() > 10


def test_a_tap_answers_in_words(product: Product, browser: Browser, tmp_path: Path) -> None:
    with opened(browser) as page:
        on_map(page, product, "/?c=105.6305,10.46,14")
        canvas = page.get_by_test_id("map-canvas").bounding_box()
        assert canvas is not None
        page.mouse.click(canvas["x"] + canvas["width"] / 2, canvas["y"] + canvas["height"] / 2)
        panel = page.get_by_test_id("at-panel")
        expect(panel).to_contain_text(WARD)
        expect(panel).not_to_contain_text("province_code")
        keep(page, "tap", tmp_path)


def test_the_keyboard_asks_at_the_centre(product: Product, browser: Browser) -> None:
    with opened(browser) as page:
        on_map(page, product, "/?c=105.6305,10.46,14")
        page.get_by_test_id("map-canvas").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("at-panel")).to_contain_text(WARD)


def test_search_needs_no_marks(product: Product, browser: Browser) -> None:
    with opened(browser) as page:
        on_map(page, product)
        page.get_by_test_id("search").fill("cao lanh")
        option = page.get_by_role("option").first
        expect(option).to_contain_text(WARD)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url("**sel=admin_units**")


def test_a_report_is_sent_routed_and_survives_kill_9(
    product: Product, browser: Browser, tmp_path: Path
) -> None:
    with opened(browser, 360, 740) as page:
        page.goto(product.url + "/")
        code = send_report(page, *CAO_LANH)
        keep(page, "receipt-phone", tmp_path)
    answer = get(product, f"/api/reports/{code}")
    assert answer["ward"] == {"code": "29869", "name": WARD}
    assert product.kill_everything() >= 3
    product.up()
    assert get(product, f"/api/reports/{code}")["ward"]["name"] == WARD
    with opened(browser, 360, 740) as page:
        page.goto(f"{product.url}/theo-doi/?code={code}")
        expect(page.get_by_test_id("track-panel")).to_contain_text(WARD)


def ward_ground(product: Product, code: str) -> shapely.Geometry:
    found = get(product, f"/ogc/collections/admin_units/items?code={code}&datetime=2026-01-01&f=json")
    return shapely.geometry.shape(found["features"][0]["geometry"])


def on_the_border(product: Product) -> tuple[float, float]:
    """A place where Phường Cao Lãnh and Phường Mỹ Ngãi meet."""
    both = shapely.intersection(ward_ground(product, "29869"), ward_ground(product, "29884"))
    lines = [part for part in shapely.get_parts(both) if part.geom_type == "LineString"]
    place = shapely.line_interpolate_point(max(lines, key=shapely.length), 0.5, normalized=True)
    return round(place.x, 7), round(place.y, 7)


def sign_in(page: Page, product: Product) -> None:
    """As the operation centre, with a token of its own."""
    said = product.run("token", "truc-ban", "--clearance", "2")
    token = re.search(r"dbn_\S+", said.stdout)
    assert token is not None, said.stderr
    page.get_by_test_id("staff-open").click()
    page.get_by_test_id("staff-token").fill(token[0])
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("staff-me")).to_contain_text("truc-ban · Trung tâm điều hành")


def test_at_a_border_the_reporter_is_asked_and_staff_see_why(
    product: Product, browser: Browser, tmp_path: Path
) -> None:
    lon, lat = on_the_border(product)
    with opened(browser, 390, 844) as page:
        page.goto(product.url + "/gui-phan-anh/")
        page.get_by_test_id("report-lat").fill(str(lat))
        page.get_by_test_id("report-lon").fill(str(lon))
        question = page.get_by_test_id("border-question")
        expect(question).to_contain_text(WARD)
        question.get_by_label("Phường Mỹ Ngãi").check()
        keep(page, "border-phone", tmp_path)
        page.get_by_test_id("report-category").select_option("MT")
        page.get_by_test_id("report-text").fill("Rác đổ thành đống ven kênh, bốc mùi nhiều ngày.")
        page.get_by_test_id("report-send").click()
        # On the border itself the reporter's word decides.
        expect(page.get_by_test_id("report-receipt")).to_contain_text("Phường Mỹ Ngãi")
        code = page.get_by_test_id("report-code").inner_text().strip()
    with opened(browser, 1440, 900) as page:
        on_map(page, product)
        sign_in(page, product)
        page.goto(f"{product.url}/theo-doi/?code={code}")
        expect(page.get_by_test_id("why-stated")).to_contain_text("Phường Mỹ Ngãi")
        rows = page.get_by_test_id("why-candidates").locator("tbody tr")
        expect(rows).to_have_count(2)
        expect(page.get_by_test_id("way").locator("li")).to_have_count(1)
        page.get_by_test_id("why-draw").click()
        page.wait_for_url("**c=**")
        page.wait_for_timeout(2000)
        page.wait_for_selector("html[data-map='idle']", state="attached", timeout=DRAWN_MS)
        keep(page, "candidates", tmp_path)
        page.get_by_test_id("route-open").click()
        page.get_by_test_id("route-to").select_option("ward:")
        page.get_by_test_id("route-unit").fill("my tra")
        page.get_by_role("radio").first.check()
        page.get_by_test_id("route-reason").fill("Kênh này do phường Mỹ Trà quản lý")
        page.get_by_test_id("route-send").click()
        expect(page.get_by_test_id("way").locator("li")).to_have_count(2)
        expect(page.get_by_test_id("way").locator("li").first).to_contain_text("Phường Mỹ Trà")
        keep(page, "way", tmp_path)


def test_a_report_with_an_address_only_is_placed_by_staff(
    product: Product, browser: Browser, tmp_path: Path
) -> None:
    address = "Ấp 3, gần nhà văn hóa"
    form = {"category": "CX", "text": "Cây đổ chắn lối đi trước nhà văn hóa.", "address": address}
    request = urllib.request.Request(
        f"{product.url}/api/reports",
        json.dumps(form).encode(),
        {"Content-Type": "application/json", "Idempotency-Key": "tests-web-address-only"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        code = json.load(answer)["code"]
    with opened(browser, 1440, 900) as page:
        on_map(page, product, "/?c=105.6305,10.46,14")
        sign_in(page, product)
        waiting = page.get_by_test_id("triage").get_by_role("button").filter(has_text=code)
        expect(waiting).to_contain_text(address)
        waiting.click()
        expect(page.get_by_test_id("why-address")).to_contain_text(address)
        page.get_by_test_id("place-pick").click()
        canvas = page.get_by_test_id("map-canvas").bounding_box()
        assert canvas is not None
        page.mouse.click(canvas["x"] + canvas["width"] / 2, canvas["y"] + canvas["height"] / 2)
        expect(page.get_by_test_id("place-chosen")).to_be_visible()
        page.get_by_test_id("place-reason").fill("Đã gọi hỏi người gửi")
        keep(page, "placing", tmp_path)
        page.get_by_test_id("place-send").click()
        expect(page.get_by_test_id("way").locator("li")).to_have_count(2)
        expect(page.get_by_test_id("why-reason")).to_contain_text(WARD)


def test_rules_are_edited_and_compared_before_they_count(
    product: Product, browser: Browser, tmp_path: Path
) -> None:
    # What the doors refuse is an error in the console by the browser's own hand.
    with opened(browser, 1440, 900, refused=True) as page:
        on_map(page, product)
        sign_in(page, product)
        page.get_by_test_id("staff-tab-rules").click()
        page.get_by_test_id("rule-add").click()
        page.get_by_test_id("rule-id").fill("ngap-nuoc")
        page.get_by_test_id("rule-categories").fill("MT")
        page.get_by_test_id("rule-priority").fill("cao")
        page.get_by_test_id("rules-save").click()
        expect(page.get_by_role("alert")).to_contain_text(".priority»")
        page.get_by_test_id("rule-priority").fill("30")
        page.get_by_label("Đơn vị xử lý").select_option("coordinator")
        page.get_by_test_id("staff-tab-replay").click()
        page.get_by_test_id("replay-from").fill("2026-10-01")
        page.get_by_test_id("replay-to").fill("2026-10-01")
        page.get_by_test_id("replay-a").select_option("current")
        page.get_by_test_id("replay-b").select_option("draft")
        page.get_by_test_id("replay-send").click()
        expect(page.get_by_test_id("replay-table")).to_contain_text("Trung tâm điều hành", timeout=120_000)
        keep(page, "replay", tmp_path)
        page.get_by_test_id("staff-tab-rules").click()
        page.get_by_test_id("rules-save").click()
        expect(page.get_by_test_id("rules-saved")).to_be_visible()


def test_a_ward_of_another_day_is_found_on_its_day(product: Product, browser: Browser) -> None:
    with opened(browser) as page:
        on_map(page, product)
        page.get_by_test_id("search").fill("thị trấn mỹ phước")
        option = page.get_by_role("option").first
        expect(option).to_contain_text("đến 30/06/2025")
        option.click()
        page.wait_for_url("**d=2025-06-30**")
        expect(page.get_by_test_id("at-panel")).to_contain_text("Thị trấn Mỹ Phước")


def test_reports_concentrate_somewhere(product: Product, browser: Browser, tmp_path: Path) -> None:
    until = time.monotonic() + 600
    while not get(product, "/api/hotspots/choices")["months"]:  # told by the keeper, soon after the start
        assert time.monotonic() < until
        time.sleep(1)
    with opened(browser) as page:
        on_map(page, product, "/?c=105.63,10.46,11.5")
        page.get_by_test_id("heatmap-toggle").first.click()
        panel = page.get_by_test_id("hotspots-panel")
        expect(panel).to_contain_text("km²")
        expect(panel.get_by_test_id("hot-total")).to_contain_text("sự việc")
        page.get_by_test_id("view-heat").click()
        page.wait_for_selector("html[data-map='idle']", state="attached")
        page.get_by_test_id("view-density").click()
        page.wait_for_timeout(1500)
        keep(page, "hotspots", tmp_path)
    cells = get(product, "/api/hotspots?from=2025-11-01&to=2026-10-01&group=giao_thong")["features"]
    assert len(cells) > 20
    assert max(cell["properties"]["incidents"] for cell in cells) > 5


def test_english_is_one_switch_away(product: Product, browser: Browser) -> None:
    with opened(browser) as page:
        on_map(page, product)
        page.get_by_test_id("lang").first.click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(page.get_by_test_id("report-open").first).to_contain_text("Report a problem")


def test_hoang_sa_and_truong_sa_are_on_the_map(product: Product, browser: Browser, tmp_path: Path) -> None:
    with opened(browser) as page:
        on_map(page, product, "/?c=110,13,4.6")
        keep(page, "country", tmp_path)
        expect(page.locator("body")).to_contain_text("Hoàng Sa")
        expect(page.locator("body")).to_contain_text("Trường Sa")


def test_a_phone_screen_loses_nothing(product: Product, browser: Browser, tmp_path: Path) -> None:
    with opened(browser, 360, 740) as page:
        on_map(page, product)
        keep(page, "phone", tmp_path)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360


def test_metrics_speak_of_all_workers(product: Product) -> None:
    def counted() -> float:
        with urllib.request.urlopen(f"{product.url}/metrics", timeout=60) as answer:
            lines = answer.read().decode().splitlines()
        name = 'diaban_requests_total{door="styles",method="GET",status="200"}'
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))

    before = counted()
    for _ in range(30):
        get(product, "/styles/map.json")
    assert counted() == before + 30
