"""The main job, end to end: one command, a province in the browser, a report that reaches its ward."""

from __future__ import annotations

import io
import json
import os
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.web.conftest import Product, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

ROOT = Path(__file__).parent.parent.parent
# Inside Phường Cao Lãnh, in the demonstration's wards and in the real ones.
CAO_LANH = (105.6305, 10.4600)
WARD = "Phường Cao Lãnh"
BLUE = (11, 79, 158)


def get(product: Product, path: str) -> Any:
    with urllib.request.urlopen(product.url + path, timeout=20) as answer:
        return json.load(answer)


def on_map(page: Page, product: Product, path: str = "/") -> None:
    page.goto(product.url + path)
    page.wait_for_selector("html[data-map='idle']", state="attached", timeout=60_000)


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
    assert product.up() <= 10


def test_the_map_shows_the_province(product: Product, browser: Browser, tmp_path: Path) -> None:
    with opened(browser) as page:
        on_map(page, product, "/?c=105.632,10.456,13.2")
        picture = keep(page, "map", tmp_path)
        page.goto(product.url + "/")
        page.wait_for_selector("html[data-map='idle']", state="attached", timeout=60_000)
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


def test_reports_concentrate_somewhere(product: Product, browser: Browser, tmp_path: Path) -> None:
    with opened(browser) as page:
        on_map(page, product, "/?c=105.63,10.46,11.5")
        page.get_by_test_id("heatmap-toggle").first.click()
        panel = page.get_by_test_id("hotspots-panel")
        expect(panel).to_contain_text("km²")
        page.wait_for_timeout(1500)
        keep(page, "hotspots", tmp_path)
    cells = get(product, "/api/hotspots?from=2025-11-01&to=2026-11-01&category=GT")["features"]
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
        with urllib.request.urlopen(f"{product.url}/metrics", timeout=20) as answer:
            lines = answer.read().decode().splitlines()
        name = 'diaban_requests_total{door="styles",method="GET",status="200"}'
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))

    before = counted()
    for _ in range(30):
        get(product, "/styles/map.json")
    assert counted() == before + 30
