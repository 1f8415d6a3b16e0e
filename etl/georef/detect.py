"""Which coordinate system a layer is in: every system that Vietnamese files use is tried against the wards.

The declaration is one witness among others. It stands where it fits and nothing fits decisively better; it is
set aside, and the report says so first, where the data prove another; and where two fit alike, a person is
asked. Rules and their reasons stand beside the constants.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import shapely

from etl.georef.declared import understand
from etl.georef.fit import Fit, Fitter
from etl.georef.systems import CANDIDATES, VN2000_DEGREES, WGS84, choice
from etl.georef.words import (
    ambiguity,
    by_answer,
    contradicted,
    elsewhere,
    guess,
    nowhere,
    others_fit,
    set_aside,
)
from etl.sources.coordinates import LATITUDES, LONGITUDES
from geo.crs import customary

if TYPE_CHECKING:
    from etl.types import Ambiguity, CrsChoice, Geometries, Ground, Guess, Note

# A system fits where at least this share of the shapes has its middle in a ward …
FITS = 0.6
# … and at least this part of what the best one reaches.
OF_THE_BEST = 0.9
# So much less loss proves a system: at least this many shapes, this share of all, and a ratio.
PROOF_SHAPES, PROOF_SHARE, PROOF_RATIO = 3.0, 0.01, 0.25
# To overrule a declaration that fits, the shapes must lie in several wards: a layer wholly inside one large
# ward crosses no border by chance.
PROOF_WARDS = 3
# Systems that bring less than this part of the best one's share near the wards are not weighed.
WORTH = 0.8
DEGREES = (WGS84, VN2000_DEGREES)
PROOF_SAMPLE = 20
# Vietnam with its seas, longitude first and latitude first.
_WEST, _EAST = LONGITUDES
_SOUTH, _NORTH = LATITUDES
IN_DEGREES = {"4326": (_WEST, _SOUTH, _EAST, _NORTH), "4326:yx": (_SOUTH, _WEST, _NORTH, _EAST)}


@dataclass(frozen=True, slots=True)
class Found:
    """The outcome: ``system`` is None while a person must answer or nothing fits."""

    system: CrsChoice | None
    guesses: tuple[Guess, ...]
    ambiguity: Ambiguity | None = None
    notes: tuple[Note, ...] = ()


def detect(
    sample: Geometries,
    declared_wkt: str | None,
    ground: Ground | None,
    *,
    answer: str | None = None,
    hint: str | None = None,
) -> Found:
    """Weigh all systems for a sample of shapes in the file's numbers.

    ``answer`` is the user's key and is followed; ``hint`` is the key that words of the file name (a sheet's
    "kinh tuyến trục 105°45′") and counts as a declaration.
    """
    declared = understand(declared_wkt)
    named = declared.system or (choice(hint) if hint else None)
    sample = sample[~(shapely.is_missing(sample) | shapely.is_empty(sample))]
    if ground is None or not len(sample):
        return _without_ground(sample, named, answer, declared.notes)
    given = choice(answer) if answer else None
    case = _Case(named, customary(ground.provinces), _fits(sample, ground, named, given))
    if given is not None:
        mine = next((fit for fit in case.fits if fit.system == given), None)
        notes = (*declared.notes, by_answer(given, mine, case.fits[0] if case.fits else None))
        return Found(given, case.guesses(case.fits), None, notes)
    found = _decide(case)
    return replace(found, guesses=case.guesses(case.fits), notes=(*declared.notes, *found.notes))


@dataclass(frozen=True, slots=True)
class _Case:
    named: CrsChoice | None
    local: frozenset[int]
    fits: list[Fit]

    def guesses(self, fits: list[Fit]) -> tuple[Guess, ...]:
        return tuple(guess(fit, self.named, self.local) for fit in fits)

    def ask(self, fits: list[Fit], *notes: Note) -> Found:
        """Nothing chosen. The province's own zones go before others that fit no better."""
        ranked = sorted(fits, key=lambda fit: (_astray(fit), fit.system.epsg not in self.local))
        return Found(None, (), ambiguity(self.guesses(ranked)), notes)


def _fits(sample: Geometries, ground: Ground, named: CrsChoice | None, answer: CrsChoice | None) -> list[Fit]:
    """The systems worth weighing, best first: those that bring most of the shapes near the wards."""
    fitter = Fitter(ground, sample)
    tried = [choice(f"{code}{order}") for code in CANDIDATES for order in ("", ":yx")]
    tried += [each for each in (named, answer) if each is not None and each not in tried]
    shares = {system: max(fitter.inside(system)) for system in tried}
    enough = max(0.5, WORTH * max(shares.values()))
    fits = [fitter.fit(system) for system, share in shares.items() if share >= enough]
    return sorted(fits, key=lambda fit: (-round(fit.inside, 2), fit.loss, fit.system != named))


def _decide(case: _Case) -> Found:
    best = max((fit.inside for fit in case.fits), default=0.0)
    good = [fit for fit in case.fits if fit.inside >= max(FITS, OF_THE_BEST * best)]
    if not good:
        found = case.ask(case.fits, nowhere(case.fits, case.named))
        return found if case.fits else replace(found, ambiguity=None)
    mine = next((fit for fit in good if fit.system == case.named), None)
    least = min(good, key=lambda fit: fit.loss)
    if mine is not None:
        return _with_declaration(case, good, mine, least)
    if _without_rare(least, [fit for fit in good if fit is not least and not _proves(least, fit)]):
        return case.ask(good)
    notes = (set_aside(case.named, None, least),) if case.named else ()
    return Found(least.system, (), None, notes)


def _with_declaration(case: _Case, good: list[Fit], mine: Fit, least: Fit) -> Found:
    """The declaration fits. It stands unless another is proven, or is the province's own and fits alike."""
    if mine is not least and _proves(least, mine):
        rivals = [fit for fit in good if fit is not least and not _proves(least, fit)]
        if least.wards >= PROOF_WARDS and least.shapes >= PROOF_SAMPLE and not rivals:
            return Found(least.system, (), None, (set_aside(case.named, mine, least),))
        return case.ask(good, contradicted(mine, least))
    if mine.system.epsg not in case.local and mine.system.epsg not in DEGREES:
        own = [fit for fit in good if fit.system.epsg in case.local and not _proves(mine, fit)]
        if own:
            return case.ask(good, elsewhere(mine, own[0]))
    rivals = [fit for fit in good if not _same_place(mine, fit) and not _proves(mine, fit)]
    return Found(mine.system, (), None, (others_fit(mine, rivals),) if rivals else ())


def _same_place(mine: Fit, other: Fit) -> bool:
    """Two kinds of degrees lie 200 m apart, and nobody means the rarer one."""
    return other is mine or {mine.system.epsg, other.system.epsg} <= set(DEGREES)


def _astray(fit: Fit) -> float:
    """The share of shapes that lie wrong, in steps of half a percent: less is chance."""
    return round(fit.loss / max(fit.shapes, 1) / 0.005)


def _proves(one: Fit, other: Fit) -> bool:
    """Whether the first loses so much less than the second that chance is no explanation."""
    gap = other.loss - one.loss
    return gap >= max(PROOF_SHAPES, PROOF_SHARE * one.shapes) and one.loss <= PROOF_RATIO * other.loss


def _without_rare(least: Fit, rivals: list[Fit]) -> list[Fit]:
    """Degrees without a declaration are WGS 84: VN-2000 is written in metres, its degrees are a rarity."""
    if least.system.epsg not in DEGREES:
        return rivals
    return [fit for fit in rivals if fit.system.epsg not in DEGREES]


def _without_ground(
    sample: Geometries, named: CrsChoice | None, answer: str | None, notes: tuple[Note, ...]
) -> Found:
    system = choice(answer) if answer else named or _degrees(sample)
    if system is not None:
        return Found(system, (), None, notes)
    return Found(None, (), ambiguity(()), notes)


def _degrees(sample: Geometries) -> CrsChoice | None:
    """Degrees in Vietnam are WGS 84 where no ward is there to compare with either; None for other numbers."""
    if not len(sample):
        return None
    inside = shapely.box(*shapely.total_bounds(sample)).within
    return next((choice(key) for key, area in IN_DEGREES.items() if inside(shapely.box(*area))), None)
