"""Statistics of hotspots against closed forms, planted patterns and pure noise."""

from __future__ import annotations

import math

import h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.sparse import csr_array

from geo.hotspots.alarms import discs
from geo.hotspots.ground import weights_of
from geo.hotspots.stats import emerging as em
from geo.hotspots.stats import gistar, rates, scan, trend
from geo.hotspots.stats.density import Grid, density, kernel_mass

MIDDLE = h3.latlng_to_cell(10.46, 105.63, 8)


def disc(radius: int) -> np.ndarray:
    return np.array(sorted(h3.str_to_int(cell) for cell in h3.grid_disk(MIDDLE, radius)), dtype=np.int64)


SMALL = disc(7)
NEAR = weights_of(SMALL)


def closed_form(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Ord and Getis 1995, written out cell by cell."""
    n = len(values)
    mean = sum(values) / n
    s = math.sqrt(sum(v * v for v in values) / n - mean * mean)
    found = []
    for row in weights:
        size, squares = sum(row), sum(w * w for w in row)
        above = sum(w * v for w, v in zip(row, values, strict=True)) - mean * size
        found.append(above / (s * math.sqrt((n * squares - size * size) / (n - 1))))
    return np.array(found)


@pytest.mark.parametrize("seed", range(5))
def test_gi_star_is_the_closed_form(seed: int) -> None:
    values = np.random.default_rng(seed).negative_binomial(1, 0.2, len(SMALL)).astype(float)
    got = gistar.gi_star(values, NEAR)
    assert np.abs(got - closed_form(values, NEAR.toarray())).max() < 1e-12


def test_gi_star_does_not_depend_on_the_scale_of_equal_weights() -> None:
    """The default elsewhere is the root of seven too small here."""
    values = np.random.default_rng(1).poisson(3, len(SMALL)).astype(float)
    inner = np.flatnonzero(NEAR.sum(axis=1) == 7)
    halved = csr_array(NEAR * 0.5)
    whole = gistar.gi_star(values, NEAR)
    assert np.allclose(gistar.gi_star(values, halved)[inner], whole[inner], rtol=1e-12)


def test_nothing_to_compare_is_no_score() -> None:
    assert (gistar.gi_star(np.full(len(SMALL), 4.0), NEAR) == 0).all()
    assert (gistar.gi_star(np.zeros(1), csr_array(np.ones((1, 1)))) == 0).all()
    found = gistar.significance(np.zeros(len(SMALL)), NEAR)
    assert (found.level == gistar.FEW).all()


def test_neighbours_are_those_that_touch() -> None:
    assert NEAR.shape == (169, 169)
    assert (NEAR.diagonal() == 1).all()
    assert (NEAR != NEAR.T).nnz == 0
    assert set(np.unique(NEAR.sum(axis=1))) == {4, 5, 7}


def test_p_by_permutation_is_uniform_where_there_is_nothing() -> None:
    """One cell from each of many independent grounds, so that the values are independent too."""
    cells = disc(3)
    near = weights_of(cells)
    p = [
        gistar.permutation_p(np.random.default_rng(seed).normal(0, 1, len(cells)), near, 199, seed)[18]
        for seed in range(300)
    ]
    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert 0.02 < np.mean(np.array(p) <= 0.05) < 0.09


def test_p_by_permutation_agrees_with_the_normal_one_and_repeats() -> None:
    values = np.random.default_rng(2).poisson(20, len(SMALL)).astype(float)
    values[NEAR[[80]].indices] += 25
    first = gistar.permutation_p(values, NEAR, 199, seed=5)
    assert (first == gistar.permutation_p(values, NEAR, 199, seed=5)).all()
    assert first[80] == 1 / 200
    normal = gistar.two_sided(gistar.gi_star(values, NEAR))
    assert stats.spearmanr(first, normal).statistic > 0.8


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.sampled_from([0.01, 0.05, 0.1]))
def test_false_discovery_rate(p: list[float], alpha: float) -> None:
    values = np.array(p)
    ours = gistar.benjamini_hochberg(values)
    assert np.allclose(ours, stats.false_discovery_control(values))
    assert ((values <= em.cutoff(values, alpha, len(values))) == (ours <= alpha + 1e-15)).all()


def test_a_planted_cluster_is_found_and_the_rest_is_not() -> None:
    cells = disc(12)
    near = weights_of(cells)
    values = np.random.default_rng(4).poisson(2, len(cells)).astype(float)
    planted = near[[int(np.searchsorted(cells, h3.str_to_int(MIDDLE)))]].indices
    values[planted] += 12
    found = gistar.significance(values, near)
    assert (found.level[planted] == 3).all()
    around = set((near[planted].sum(axis=0) > 0).nonzero()[0].tolist())
    hot = set(np.flatnonzero(found.level > 0).tolist())
    assert len(hot - around) <= 3


def test_on_pure_noise_false_discovery_stays_at_its_level() -> None:
    """200 grounds without any pattern: at most 5 % of them may show a spot at q <= 0.05."""
    false = sum(
        bool(
            (
                gistar.significance(np.random.default_rng(seed).poisson(30, len(SMALL)).astype(float), NEAR).q
                <= 0.05
            ).any()
        )
        for seed in range(200)
    )
    # Binomial(200, 0.05) exceeds 17 with probability 1 %.
    assert false <= 17


def test_few_reports_say_few() -> None:
    values = np.zeros(len(SMALL))
    values[80] = 4
    assert (gistar.significance(values, NEAR).level == gistar.FEW).all()
    values[80] = 6
    level = gistar.significance(values, NEAR).level
    assert (level[NEAR[[80]].indices] > 0).all()
    assert (level == gistar.FEW).sum() == len(SMALL) - 7
    many = np.full(len(SMALL), 9.0)
    many[NEAR[[80]].indices] = 0  # where nine each are expected, none is evidence
    assert gistar.significance(many, NEAR).level[80] < 0


def test_mann_kendall_is_scipys_tau() -> None:
    rng = np.random.default_rng(3)
    for series in (rng.normal(0, 1, (6, 30)), rng.integers(0, 4, (6, 30)).astype(float)):
        z = trend.mann_kendall(series)
        for row, score in zip(series, z, strict=True):
            tau = stats.kendalltau(np.arange(30), row).statistic
            assert np.sign(tau) == np.sign(score) or abs(score) < 0.1
    line = np.arange(10.0)
    # By hand: S = 45, var = 10 * 9 * 25 / 18 = 125, z = 44 / sqrt(125).
    assert trend.mann_kendall(np.array([line, -line, np.ones(10)])) == pytest.approx(
        [44 / math.sqrt(125), -44 / math.sqrt(125), 0]
    )
    # With ties, by hand: 1 1 2: S = 2, var = (3 * 2 * 11 - 2 * 1 * 9) / 18 = 48 / 18.
    assert trend.mann_kendall(np.array([[1.0, 1, 2]]))[0] == pytest.approx(1 / math.sqrt(48 / 18))


def pattern(text: str) -> tuple[np.ndarray, np.ndarray]:
    """Hot and cold flags of one cell out of a text such as ``..H.C``."""
    return np.array([[c == "H" for c in text]]), np.array([[c == "C" for c in text]])


@pytest.mark.parametrize(
    ("history", "moves", "wanted"),
    [
        (".........H", 0, "new_hot"),
        (".C.......H", 0, "new_hot"),  # a former cold spot does not hide a new hot one
        (".......HHH", 0, "consecutive_hot"),
        ("C......HHH", 0, "consecutive_hot"),
        ("HHHHHHHHHH", 1, "intensifying_hot"),
        ("HHHHHHHHHH", 0, "persistent_hot"),
        (".HHHHHHHHH", 0, "persistent_hot"),
        ("HHHHHHHHHH", -1, "diminishing_hot"),
        ("HHHHHHHHH.", 0, "historical_hot"),
        ("..H..HH..H", 0, "sporadic_hot"),
        ("..H..HH...", 0, "sporadic_hot"),
        (".CH..HH..H", 0, "oscillating_hot"),
        (".CH..HH...", 0, "none"),
        ("..........", 0, "none"),
        (".........C", 0, "new_cold"),
        (".H.......C", 0, "new_cold"),
        (".......CCC", 0, "consecutive_cold"),
        ("CCCCCCCCCC", -1, "intensifying_cold"),
        ("CCCCCCCCCC", 0, "persistent_cold"),
        ("CCCCCCCCCC", 1, "diminishing_cold"),
        ("CCCCCCCCC.", 0, "historical_cold"),
        ("..C..CC..C", 0, "sporadic_cold"),
        (".HC..CC..C", 0, "oscillating_cold"),
    ],
)
def test_every_class_by_its_rule(history: str, moves: int, wanted: str) -> None:
    hot, cold = pattern(history)
    rising, falling = np.array([moves > 0]), np.array([moves < 0])
    kind = em._one_side(hot, cold, rising, falling)
    kind = np.where(kind == em.NONE, -em._one_side(cold, hot, falling, rising), kind)
    assert em.name_of(int(kind[0])) == wanted


def test_there_are_seventeen_classes() -> None:
    assert len({em.name_of(kind) for kind in range(-8, 9)}) == 17
    assert em.name_of(em.FEW) == "few"


def test_scores_of_the_cube_are_gi_star_with_neighbours_in_two_steps() -> None:
    cells = disc(2)
    near = weights_of(cells).toarray()
    cube = np.random.default_rng(6).poisson(5, (len(cells), 4)).astype(float)
    n, steps = cube.shape
    whole = np.zeros((n * steps, n * steps))
    for step in range(steps):
        for before in {step, max(step - 1, 0)}:
            whole[step * n : (step + 1) * n, before * n : (before + 1) * n] = near
    wanted = closed_form(cube.T.ravel(), whole).reshape(steps, n).T
    assert np.abs(em.cube_scores(cube, weights_of(cells)) - wanted).max() < 1e-11


def test_planted_histories_get_their_class() -> None:
    cells = disc(9)
    near = weights_of(cells)
    rng = np.random.default_rng(8)
    cube = rng.poisson(3, (len(cells), 20)).astype(float)
    at = np.searchsorted(cells, h3.str_to_int(MIDDLE))
    old, new = near[[int(at)]].indices, near[[3]].indices
    cube[old] += 15
    cube[new, 18:] += 15
    found = em.emerging(cube, near)
    assert em.name_of(int(found.kind[at])) in ("persistent_hot", "intensifying_hot", "diminishing_hot")
    assert em.name_of(int(found.kind[3])) in ("new_hot", "consecutive_hot")
    others = np.setdiff1d(
        np.arange(len(cells)), (near[np.concatenate([old, new])].sum(axis=0) > 0).nonzero()[0]
    )
    assert np.isin(found.kind[others], [0]).mean() > 0.9


def plane(seed: int, shape: tuple[int, int] = (90, 110)) -> tuple[Grid, np.ndarray]:
    rng = np.random.default_rng(seed)
    inside = np.ones(shape, dtype=bool)
    inside[:30, :40] = False  # a bay
    inside[:, -5:] = False
    counts = np.where(inside, rng.poisson(0.3, shape), 0).astype(np.float32)
    return Grid(500_000.0, 1_160_000.0, 100.0, inside), counts


@pytest.mark.parametrize("bandwidth_m", [250.0, 500.0, 2_000.0])
def test_no_report_is_lost_at_the_border(bandwidth_m: float) -> None:
    grid, counts = plane(1)
    surface = density(counts, grid, bandwidth_m, 30, kernel_mass(grid, bandwidth_m))
    assert surface.sum() * 0.01 == pytest.approx(counts.sum(), rel=1e-4)  # a cell is 0.01 km²
    assert (surface[~grid.inside] == 0).all()


def test_density_is_the_kernel_in_metres() -> None:
    """One report, far from any border: the height of a two-dimensional Gaussian of that bandwidth."""
    inside = np.ones((201, 201), dtype=bool)
    for cell_m in (50.0, 100.0):
        counts = np.zeros((201, 201), dtype=np.float32)
        counts[100, 100] = 1
        grid = Grid(0.0, 0.0, cell_m, inside)
        surface = density(counts, grid, 600.0, 60, kernel_mass(grid, 600.0))
        wanted = 1e6 / (2 * math.pi * 600.0**2) * 30 / 60
        assert surface[100, 100] == pytest.approx(wanted, rel=2e-3)
        away = round(900 / cell_m)
        assert surface[100, 100 + away] == pytest.approx(wanted * math.exp(-0.5 * 1.5**2), rel=5e-3)


def test_places_of_points_in_the_grid() -> None:
    grid, _ = plane(1)
    x, y = np.array([500_050.0, 505_050.0, 499_999.0]), np.array([1_159_950.0, 1_155_950.0, 1_155_950.0])
    flat, on = grid.index(x, y)
    assert on.tolist() == [False, True, False]  # in the bay, on land, off the raster
    assert flat[1] == 40 * 110 + 50


SCANNED = disc(4)
DISCS = discs(SCANNED, 3)


def test_discs_are_what_h3_says() -> None:
    for zone in range(len(SCANNED) * DISCS.radii):
        centre, radius = divmod(zone, DISCS.radii)
        wanted = {h3.str_to_int(c) for c in h3.grid_disk(h3.int_to_str(int(SCANNED[centre])), radius)}
        assert set(SCANNED[DISCS.cells(zone)].tolist()) == wanted & set(SCANNED.tolist())


def test_zones_are_counted_as_one_would() -> None:
    rng = np.random.default_rng(4)
    cell, days = rng.integers(0, len(SCANNED), 200), rng.integers(0, 7, 200)
    counted = scan._Counter(DISCS, 7)(cell, days)
    sums = DISCS.sums(np.bincount(cell, minlength=len(SCANNED)))
    for zone in range(0, len(SCANNED) * DISCS.radii, 7):
        centre, radius = divmod(zone, DISCS.radii)
        inside = np.isin(cell, DISCS.cells(zone))
        assert counted[radius, :, centre].tolist() == [int((inside & (days <= d)).sum()) for d in range(7)]
        assert sums[radius, centre] == inside.sum()


def noise(seed: int, count: int = 600) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    share = rng.gamma(0.7, 1, len(SCANNED))
    cell = rng.choice(len(SCANNED), size=count, p=share / share.sum())
    return cell, rng.integers(0, 60, size=count)


def test_the_scan_finds_what_began_three_days_ago() -> None:
    cell, days = noise(1)
    place = 30
    cell, days = np.append(cell, np.full(12, place)), np.append(days, np.arange(12) % 3)
    first, *_ = scan.scan(cell, days, DISCS, days_max=7, times=199, seed=3)
    assert place in DISCS.cells(first.zone)
    assert first.days == 3
    assert first.p == 1 / 200
    assert first.recurrence_days == 200
    assert first.observed >= 12 > first.expected
    again, *_ = scan.scan(cell, days, DISCS, days_max=7, times=199, seed=3)
    assert again == first


def test_a_place_that_always_reports_much_is_no_alarm() -> None:
    cell, days = noise(2)
    rng = np.random.default_rng(9)
    cell, days = np.append(cell, np.full(300, 30)), np.append(days, rng.integers(0, 60, 300))
    found = scan.scan(cell, days, DISCS, days_max=7, times=99, seed=1)
    assert all(cluster.p > 0.05 for cluster in found)
    busy = np.append(days, np.zeros(200, dtype=int))  # today is busy everywhere alike
    share = np.append(cell, rng.choice(cell, 200))
    assert all(c.p > 0.02 for c in scan.scan(share, busy, DISCS, days_max=7, times=99, seed=1))


def test_p_of_the_scan_is_uniform_under_the_null() -> None:
    p = []
    for seed in range(80):
        cell, days = noise(100 + seed, 300)
        found = scan.scan(cell, days, DISCS, days_max=5, times=39, seed=seed)
        p.append(found[0].p if found else 1.0)
    # p is discrete and never below the truth: it may be late, not early.
    assert np.mean(np.array(p) <= 0.05) <= 0.125
    assert np.mean(np.array(p) <= 0.5) == pytest.approx(0.5, abs=0.17)


def test_the_score_is_kulldorffs() -> None:
    c, mu, total = 10.0, 3.0, 200
    wanted = c * math.log(c / mu) + (total - c) * math.log((total - c) / (total - mu))
    got = scan._score(np.array([[c, 2.0]]), np.array([[mu, 0.1]]), total)
    assert got[0, 0] == pytest.approx(wanted)
    assert got[0, 1] == 0  # two reports are no cluster


@given(st.integers(0, 2**32 - 1), st.integers(1, 400))
def test_the_highest_score_is_the_highest_of_all(seed: int, mean: int) -> None:
    rng = np.random.default_rng(seed)
    observed = rng.poisson(mean, (3, 4, 50)) * (rng.random((3, 4, 50)) < 0.5)
    expected = rng.gamma(2, mean / 2, observed.shape)
    total = int(observed.max()) + int(rng.integers(0, 10_000))
    expected = np.minimum(expected, total - 0.5)
    above = (observed > expected) & (observed >= scan.CASES_MIN)
    wanted = scan._score(observed, expected, total).max()
    assert scan._highest(observed[above], expected[above], total) == max(wanted, 0.0)


def test_nothing_to_scan() -> None:
    empty = np.empty(0, dtype=np.int64)
    assert scan.scan(empty, empty, DISCS, days_max=7, times=9, seed=1) == []
    old = np.full(5, 40)
    assert scan.scan(np.arange(5), old, DISCS, days_max=7, times=9, seed=1) == []


def test_shrinkage_by_hand() -> None:
    """Marshall's formulas with three wards, worked out by hand."""
    events, people = np.array([10.0, 30.0, 2.0]), np.array([1000.0, 1000.0, 100.0])
    mean = 42 / 2100
    variance = (1000 * (0.01 - mean) ** 2 + 1000 * (0.03 - mean) ** 2 + 100 * 0.0) / 2100
    between = variance - mean / 700
    share = between / (between + mean / people)
    wanted = share * events / people + (1 - share) * mean
    assert rates.shrunk(events, people) == pytest.approx(wanted)


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 50_000)), min_size=1, max_size=30))
def test_shrunk_rates_lie_between_their_own_and_the_mean(wards: list[tuple[int, int]]) -> None:
    events, people = np.array(wards, dtype=float).T
    raw, mean = rates.rates(events, people), events.sum() / people.sum()
    got = rates.shrunk(events, people)
    low, high = np.minimum(raw, mean), np.maximum(raw, mean)
    assert ((got >= low - 1e-12) & (got <= high + 1e-12)).all()


def test_nobody_lives_there() -> None:
    got = rates.shrunk(np.array([3.0, 5.0]), np.array([0.0, 100.0]))
    assert np.isnan(got[0])
    assert got[1] == pytest.approx(0.05)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_the_pure_functions_repeat_to_the_byte(seed: int) -> None:
    grid, counts = plane(seed, (60, 60))
    mass = kernel_mass(grid, 400.0)
    assert (
        density(counts, grid, 400.0, 30, mass).tobytes() == density(counts, grid, 400.0, 30, mass).tobytes()
    )
