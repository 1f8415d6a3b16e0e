"""Letters and icons that maps of others draw with."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from layers.registry import load
from tiles.glyphs import BASELINE_PX, BORDER_PX, _message, glyph_range
from tiles.sprites import SIDE_PX, sprite

FONTS = Path(__file__).parents[2] / "web_map/node_modules/@fontsource/be-vietnam-pro/files"
FILES = [FONTS / f"be-vietnam-pro-{part}-400-normal.woff2" for part in ("latin", "latin-ext", "vietnamese")]
LAYERS = load()
OUTLINE = 191


@pytest.fixture(scope="module")
def letters() -> dict[str, Any]:
    if not all(file.exists() for file in FILES):
        pytest.skip("the fonts of the map's page are not installed (./diaban test installs them)")
    found = {}
    for start in (0, 7680):
        made = _message("glyphs").FromString(glyph_range("Be Vietnam Pro", FILES, start))
        assert [(stack.name, stack.range) for stack in made.stacks] == [
            ("Be Vietnam Pro", f"{start}-{start + 255}")
        ]
        found |= {chr(glyph.id): glyph for glyph in made.stacks[0].glyphs}
    return found


def field(glyph: Any) -> np.ndarray[Any, Any]:
    return np.frombuffer(glyph.bitmap, np.uint8).reshape(
        glyph.height + 2 * BORDER_PX, glyph.width + 2 * BORDER_PX
    )


def test_all_letters_of_vietnamese_are_there(letters: dict[str, Any]) -> None:
    wanted = "aâbcdeêghiklmnoôpqrstuvxyAÂEÊOÔUY0123456789 .,()/ạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ"
    assert set(wanted) <= set(letters)
    assert "\n" not in letters and "\u0000" not in letters


def test_distances_are_above_the_outline_inside_and_below_it_outside(letters: dict[str, Any]) -> None:
    o = field(letters["o"])
    middle = o.shape[0] // 2, o.shape[1] // 2
    assert o[middle] < OUTLINE < o[middle[0]].max()
    assert (o[0] < OUTLINE).all() and (o[:, 0] < OUTLINE).all()
    share = (o > OUTLINE).mean()
    assert 0.1 < share < 0.5


def test_letters_stand_on_one_line(letters: dict[str, Any]) -> None:
    """``top`` is above the base line; capitals come out in the middle of a line of 24 pixels."""
    for each in "AEHx":
        assert letters[each].top + BASELINE_PX == letters[each].height
    assert letters["H"].top == -8
    assert letters["ạ"].height > letters["a"].height and letters["ạ"].top == letters["a"].top
    assert letters[" "].width == 0 and letters[" "].advance > 0 and not letters[" "].bitmap


@pytest.mark.parametrize("ratio", [1, 2])
def test_each_icon_is_where_the_index_says(ratio: int) -> None:
    made = sprite(LAYERS.values(), ratio)
    picture = np.asarray(Image.open(io.BytesIO(made.png)).convert("RGBA"))
    assert set(made.places) == {f"{layer.name}:{icon}" for layer in LAYERS.values() for icon in layer.icons}
    for place in made.places.values():
        assert place["pixelRatio"] == ratio and place["width"] == place["height"] == SIDE_PX * ratio
        part = picture[place["y"] : place["y"] + place["height"], place["x"] : place["x"] + place["width"]]
        assert part.shape[:2] == (SIDE_PX * ratio, SIDE_PX * ratio)
        assert 0.1 < (part[..., 3] > 127).mean() < 0.7


def test_without_icons_the_picture_is_one_clear_pixel() -> None:
    made = sprite([], 1)
    assert made.places == {}
    assert Image.open(io.BytesIO(made.png)).size == (1, 1)


def test_an_icon_that_cannot_be_drawn_takes_no_other_away() -> None:
    flat = '<svg xmlns="http://www.w3.org/2000/svg" width="0" height="0"/>'
    layer = LAYERS["cameras"]
    odd = layer.model_copy(update={"icons": {**layer.icons, "flat": flat}})
    assert set(sprite([odd], 1).places) == {f"cameras:{name}" for name in layer.icons}
