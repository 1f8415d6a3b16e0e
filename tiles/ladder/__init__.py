"""The ladder of a layer: generalisations stored for each zoom at which its rows are too many to draw.

:mod:`tiles.ladder.merge` and :mod:`tiles.ladder.outline` make them (pure), :mod:`tiles.ladder.build` and
:mod:`tiles.ladder.points` store them, :mod:`tiles.ladder.plan` decides at which zooms,
:mod:`tiles.ladder.keeper` keeps them fresh.

**Kinds.** A layer with classes (its legend's field) is ``merged`` where a plot is a dot: each tile holds
one feature a class with ``feature_count``; what is too small anywhere in the tile is in ``dropped_count``,
so the two add up to the rows. A layer without classes is an ``outline``: every row stays, borders are
simplified as one coverage. Points are ``counted`` by cell (``point_count``, :mod:`tiles.points`).

**Fresh at commit.** The pump marks the cells that an edit touches in the transaction that moves the layer's
epoch. A tile whose cell is marked, absent, or asked for a day on which other rows are in force, is drawn
from the rows themselves until the keeper has built the cell anew (seconds); building tells the tile caches
like an edit does. So a rung is never older than the epoch, at the price that tiles just edited look
ungeneralised for a moment.

Counts need no marks: a trigger writes what an edit changes in its own transaction, readers add it up with
what is stored, and the keeper merges the two. Of a layer with valid time they are the counts of the days on
which the same rows are in force as today; those of other days are counted as they are asked for.

**Rights.** Ladders are built by a role that reads ``pub`` only. Staff's tiles are the public ladder and,
beside it, the restricted rows under their own policies, from an index that holds only those.
"""
