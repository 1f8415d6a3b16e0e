"""The atoms of a month: nobody can be told apart, whatever is asked and subtracted."""

from __future__ import annotations

import itertools
from random import Random

import h3
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.hotspots.atoms import Atom, K, Lines, atoms, spread
from geo.hotspots.cells import children
from geo.hotspots.groups import GROUPS, MIXED, group_of

ROOT = h3.str_to_int(h3.latlng_to_cell(10.46, 105.63, 5))
NEXT = sorted(h3.str_to_int(cell) for cell in h3.grid_ring(h3.int_to_str(ROOT), 1))[0]
CELLS = children(ROOT, 8) + children(NEXT, 8)
places = st.tuples(st.sampled_from(sorted(GROUPS)), st.integers(0, len(CELLS) - 1), st.integers(1, 9))


def lines_of(drawn: list[tuple[str, int, int]]) -> Lines:
    return Lines(
        tuple(group for group, _, _ in drawn),
        tuple(CELLS[at] for _, at, _ in drawn),
        tuple(count for _, _, count in drawn),
        tuple(count * 2 for _, _, count in drawn),
    )


def fine(atom: Atom) -> set[int]:
    if not atom.cells:
        return set(CELLS)
    return {f for cell in atom.cells for f in (children(cell, 8) if atom.resolution < 8 else (cell,))}


def holding(found: list[Atom], group: str, cell: int) -> list[int]:
    told = group if any(atom.group == group for atom in found) else MIXED
    return [n for n, atom in enumerate(found) if atom.group == told and cell in fine(atom)]


@settings(deadline=None, max_examples=60)
@given(st.lists(places, max_size=60), st.integers(2, 12))
def test_atoms_part_the_month_and_none_is_small(drawn: list[tuple[str, int, int]], k: int) -> None:
    lines = lines_of(drawn)
    total = sum(lines.incidents)
    found = atoms(lines, [ROOT, NEXT], k)
    if total < k:
        assert found == ([] if total == 0 else None)
        return
    assert found is not None
    assert all(atom.incidents >= k for atom in found)
    assert sum(atom.incidents for atom in found) == total
    assert sum(atom.contacts for atom in found) == sum(lines.contacts)
    # Within one group no place belongs to two areas: there is nothing to subtract one from the other.
    for group in {atom.group for atom in found}:
        areas = [fine(atom) for atom in found if atom.group == group]
        assert not any(a & b for a, b in itertools.combinations(areas, 2))
    # Each line lies in exactly one atom: of its group where that is told, of the mixed one else.
    for group, cell in zip(lines.groups, lines.cells, strict=True):
        assert len(holding(found, group, cell)) == 1


@settings(deadline=None)
@given(st.lists(places, min_size=5, max_size=60))
def test_the_order_of_the_lines_says_nothing(drawn: list[tuple[str, int, int]]) -> None:
    shuffled = drawn[:]
    Random(1).shuffle(shuffled)
    assert atoms(lines_of(drawn), [ROOT, NEXT]) == atoms(lines_of(shuffled), [ROOT, NEXT])


def test_a_rest_is_named_with_its_empty_cells() -> None:
    """Five neighbours with one report each: a list of these five would tell of each."""
    siblings = children(children(children(ROOT, 6)[0], 7)[0], 8)
    lines = Lines(("an_toan",) * 5, siblings[:5], (1,) * 5, (1,) * 5)
    (atom,) = atoms(lines, [ROOT]) or []
    assert fine(atom) >= set(siblings)


@settings(deadline=None)
@given(st.lists(places, min_size=8, max_size=60), st.integers(5, 8))
def test_shares_add_up(drawn: list[tuple[str, int, int]], resolution: int) -> None:
    found = atoms(lines_of(drawn), [ROOT, NEXT])
    assert found is not None
    shown = spread(found, np.array(sorted(CELLS)), resolution)
    assert abs(sum(i for i, _ in shown.values()) - sum(a.incidents for a in found)) < 1e-6
    assert {(cell >> 52) & 0xF for cell in shown} <= {resolution}


def test_no_sum_of_public_answers_gives_one_report() -> None:
    """By linear algebra: the wish "this one report" is no combination of all that can be asked.

    Unknown are the reports; each public answer is a row of what it takes of each. A set of reports could be
    read off only if its indicator lay in the space of these rows.
    """
    random = Random(7)
    months = []
    for _ in range(3):
        drawn = [(random.choice(sorted(GROUPS)), int(random.gauss(40, 12)), 1) for _ in range(120)]
        months.append(lines_of(drawn))
    owner = []
    for month, lines in enumerate(months):
        found = atoms(lines, [ROOT, NEXT]) or []
        for group, cell in zip(lines.groups, lines.cells, strict=True):
            owner.append((month, *holding(found, group, cell)))
    asked, ground = [], np.array(sorted(CELLS))
    parts = {
        (month, resolution): [
            (
                n,
                atom.group,
                {c: part / atom.incidents for c, (part, _) in spread([atom], ground, resolution).items()},
            )
            for n, atom in enumerate(atoms(lines, [ROOT, NEXT]) or [])
        ]
        for month, lines in enumerate(months)
        for resolution in (5, 6, 7, 8)
    }
    for first, last in itertools.combinations_with_replacement(range(3), 2):
        for group in (*sorted(GROUPS), None):
            for resolution in (5, 6, 7, 8):
                shares = {}
                for month in range(first, last + 1):
                    for n, of, share_of in parts[month, resolution]:
                        if group is None or of == group:
                            for cell, share in share_of.items():
                                shares.setdefault(cell, {})[(month, n)] = share
                asked += [[share.get(one, 0.0) for one in owner] for share in shares.values()]
    rows = np.array(asked)
    _, singular, basis = np.linalg.svd(rows, full_matrices=False)
    basis = basis[singular > 1e-9 * singular[0]]
    worst = 0.0
    for size in range(1, K):
        for atom in set(owner):  # the best that an attacker may hope for: all of them in one atom
            wish = np.zeros(len(owner))
            wish[[i for i, one in enumerate(owner) if one == atom][:size]] = 1
            worst = max(worst, float(np.linalg.norm(basis @ wish) / np.linalg.norm(wish)))
    assert 0.5 < worst <= np.sqrt((K - 1) / K) + 1e-9  # 1 would be: read off exactly


def test_sensitive_categories_are_in_no_group() -> None:
    assert group_of("ANTT") is None
    assert group_of("HC") is None
    assert group_of("a new one") == "doi_song"
