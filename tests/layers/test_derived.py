"""What follows from a description is made once for each, and for each key."""

from __future__ import annotations

from layers.derived import Derived
from layers.registry import load


def test_it_is_made_once_for_a_description_and_a_key_and_anew_for_another_description() -> None:
    layer, made = load()["farms"], list[str]()
    known = Derived[str]()

    def make(text: str) -> str:
        made.append(text)
        return text

    assert [known.of(layer, lambda: make("a"), 1) for _ in range(3)] == ["a"] * 3
    assert known.of(layer, lambda: make("b"), 2) == "b" and made == ["a", "b"]
    # Equal, and yet another: published again.
    again = layer.model_copy()
    assert known.of(again, lambda: make("c"), 1) == "c"
    assert known.of(layer, lambda: make("d"), 1) == "d" and made == ["a", "b", "c", "d"]
