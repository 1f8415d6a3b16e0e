"""The ladder of a layer: generalisations stored for each zoom at which its rows are too many to draw.

:mod:`tiles.ladder.merge` and :mod:`tiles.ladder.outline` make them (pure), :mod:`tiles.ladder.build` stores
them, :mod:`tiles.ladder.plan` decides at which zooms, :mod:`tiles.ladder.keeper` keeps them fresh.
"""
