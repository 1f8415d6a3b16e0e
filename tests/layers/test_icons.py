"""Icons that come with a layer: drawings of their own, which every style may name."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from layers.description import Icon

ICON = TypeAdapter(Icon)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">{}</svg>'


def test_a_drawing_is_an_icon() -> None:
    text = SVG.format('<path d="M2 2h20v20z"/>')
    assert ICON.validate_python(text) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (SVG.format('<image href="http://a/b.png"/>'), "of its own"),
        (SVG.format('<rect style="fill:url(#a)"/>'), "of its own"),
        ('<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG.format("&a;"), "of its own"),
        (SVG.format("<path"), "SVG document"),
        ("", "SVG document"),
        ("<svg/>", "begins with <svg xmlns=…>"),
        ('<html xmlns="http://www.w3.org/2000/svg"/>', "begins with <svg xmlns=…>"),
        (SVG.format("<g/>" * 3_000), "10000"),
    ],
)
def test_what_is_none_is_refused_at_publication(text: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        ICON.validate_python(text)
