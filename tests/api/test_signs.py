"""The doors of letters and icons, which styles name."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

FONTS = Path(__file__).parents[2] / "web_map/node_modules/@fontsource/be-vietnam-pro/files"


@pytest.fixture
def page(client: TestClient, tmp_path: Path) -> Iterator[Path]:
    """The folder of a page that is not built."""
    state = client.app.state  # type: ignore[attr-defined]
    before = state.settings
    state.settings = before.model_copy(update={"dist_dir": tmp_path})
    yield tmp_path
    state.settings = before


@pytest.fixture
def letters(client: TestClient, page: Path) -> TestClient:
    """A page that is built as far as its fonts go."""
    if not FONTS.exists():
        pytest.skip("the fonts of the map's page are not installed (./diaban test installs them)")
    (page / "assets").mkdir()
    for file in FONTS.glob("be-vietnam-pro-*-600-normal.woff2"):
        shutil.copy(file, page / "assets" / file.name.replace(".woff2", "-Xy1_z.woff2"))
    return client


def test_a_style_names_letters_and_icons_that_are_there(letters: TestClient) -> None:
    style = letters.get("/styles/cameras.json").json()
    text = style["glyphs"].format(fontstack="Arial,Be Vietnam Pro SemiBold", range="7680-7935")
    plain = letters.get(text, headers={"Accept-Encoding": "identity"})
    packed = letters.get(text, headers={"Accept-Encoding": "gzip"})
    assert plain.status_code == packed.status_code == 200
    assert plain.headers["content-type"] == "application/x-protobuf"
    assert plain.content == packed.content and b"Be Vietnam Pro SemiBold" in plain.content
    assert plain.headers["etag"] != packed.headers["etag"]
    assert letters.get(text, headers={"If-None-Match": packed.headers["etag"]}).status_code == 304
    places = letters.get(style["sprite"] + "@2x.json").json()
    picture = letters.get(style["sprite"] + "@2x.png")
    assert "cameras:camera" in places and picture.headers["content-type"] == "image/png"
    known = {"If-None-Match": picture.headers["etag"]}
    assert letters.get(style["sprite"] + "@2x.png", headers=known).status_code == 304
    assert letters.get(style["sprite"] + ".png").content != picture.content


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("glyphs/Be Vietnam Pro/1-256.pbf", 400, "0-255.pbf"),
        ("glyphs/Be Vietnam Pro/65536-65791.pbf", 400, "0-255.pbf"),
        ("glyphs/Be Vietnam Pro/0-255.json", 400, "0-255.pbf"),
        ("glyphs/Arial/0-255.pbf", 404, "Be Vietnam Pro"),
        ("map/sprite@3x.png", 404, "sprite.json"),
    ],
)
def test_what_is_not_there_is_said(client: TestClient, path: str, status: int, word: str) -> None:
    answer = client.get(f"/styles/{path}")
    assert answer.status_code == status
    assert word in answer.text


@pytest.mark.usefixtures("page")
def test_without_a_built_page_there_are_no_letters_yet(client: TestClient) -> None:
    assert client.get("/styles/glyphs/Be Vietnam Pro/0-255.pbf").status_code == 503
