"""A clerk loads a file in the browser: sees how it is read, says which column is meant, lands, undoes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.web.conftest import opened
from tests.web.test_journey import sign_in

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.web.conftest import Product

# Whichever test of the browser comes first waits for the whole product to come up.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(1_800)]


def test_a_file_is_mapped_shown_landed_and_undone(product: Product, browser: Browser, tmp_path: Path) -> None:
    rows = [f"Vườn {n};{105.60 + n / 1000:.4f};10.4500;{'Xoài' if n else '???'}" for n in range(6)]
    file = tmp_path / "vuon cay.csv"
    file.write_text("\n".join(["A1;Kinh độ;Vĩ độ;Cây trồng", *rows]), encoding="utf-8")
    with opened(browser) as page:
        page.goto(product.url)
        sign_in(page, product)
        page.get_by_test_id("staff-tab-import").click()
        page.get_by_test_id("import-layer").select_option("farms")
        # The layer holds a demonstration: real rows do not stand among invented ones.
        page.get_by_label("Cách nạp").select_option("replace")
        page.get_by_test_id("import-file").set_input_files(file)
        _step(page, "read")
        expect(page.get_by_test_id("import-land")).to_have_count(0)
        page.locator("select[data-field=name]").select_option("A1")
        expect(page.get_by_test_id("import-faults")).to_contain_text("???")
        with page.expect_download() as saved:
            page.get_by_test_id("import-quarantine").click()
        assert saved.value.suggested_filename == "cach_ly.gpkg"
        assert saved.value.path().read_bytes().startswith(b"SQLite format 3")
        expect(page.get_by_test_id("import-difference")).to_contain_text("5 mới")
        page.get_by_test_id("import-land").click()
        expect(page.get_by_test_id("import-undo")).to_be_in_viewport()
        page.get_by_test_id("import-undo").click()
        _step(page, "undo")
        said = page.get_by_test_id("staff-panel").get_by_text("Đã hoàn tác, lớp như trước")
        expect(said).to_be_in_viewport()


def _step(page: Page, step: str) -> None:
    state = page.locator(f"[data-testid=import-state][data-step={step}][data-status=successful]")
    state.wait_for(state="attached")
