"""HTML pages from the templates beside this file: no scripts, no inline style, every value escaped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from geo.database import Caller

if TYPE_CHECKING:
    from layers.description import Code, Layer, LayerField

HERE = Path(__file__).parent
STYLESHEET = HERE / "assets" / "docs.css"
# The pages say what the public may know, whoever reads them.
ANONYMOUS = Caller.anonymous()

_templates = Environment(
    loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


def page(template: str, **values: object) -> HTMLResponse:
    """One of ``api/templates``, filled."""
    text = _templates.get_template(template).render(**values)
    return HTMLResponse(text, headers={"Cache-Control": "no-cache"})


def code_lists(layer: Layer) -> list[tuple[LayerField, tuple[Code, ...]]]:
    """The public fields that have a code list, with its entries."""
    return [
        (field, layer.codes[field.codes])
        for field in layer.fields_for(staff=False)
        if field.codes is not None
    ]
