-- One beat of the pump: everything between its cursor and the horizon, once, in order.
-- The cursor is (xid, seq) below pg_snapshot_xmin: a plain seq > last loses events of transactions that took
-- their number earlier and committed later.
WITH cursor AS (
  SELECT xid, seq FROM ops.pump_cursor FOR UPDATE
), fresh AS (
  SELECT log.xid, log.seq, log.layer, log.op, log.vis, log.west, log.south, log.east, log.north
    FROM ops.change_log AS log, cursor
   WHERE log.xid >= cursor.xid
     AND (log.xid, log.seq) > (cursor.xid, cursor.seq)
     AND log.xid < pg_snapshot_xmin(pg_current_snapshot())
), moved AS (
  INSERT INTO ops.layer_state AS state (layer, epoch, public_epoch)
  SELECT layer, 2, CASE WHEN min(vis) = 0 THEN 2 ELSE 1 END FROM fresh GROUP BY layer
  ON CONFLICT (layer) DO UPDATE SET epoch = state.epoch + 1,
    public_epoch = state.public_epoch + excluded.public_epoch - 1
  RETURNING layer, epoch
), touched AS (
  -- The ground that the new epoch touched; many boxes become one.
  SELECT layer, epoch, vis, bool_or(op <> 'ladder') AS edited,
         CASE WHEN bool_and(op = 'ladder' AND west IS NOT NULL) THEN
           (SELECT max(zoom) FROM ops.ladder WHERE ladder.layer = each.layer AND kind <> 'exact')
         END AS up_to,
         CASE WHEN bool_and(west IS NOT NULL) THEN min(west) END AS west,
         CASE WHEN bool_and(west IS NOT NULL) THEN min(south) END AS south,
         CASE WHEN bool_and(west IS NOT NULL) THEN max(east) END AS east,
         CASE WHEN bool_and(west IS NOT NULL) THEN max(north) END AS north
    FROM (SELECT fresh.*, moved.epoch, count(*) OVER (PARTITION BY layer) > 200 AS many
            FROM fresh JOIN moved USING (layer)) AS each
   GROUP BY layer, epoch, vis, CASE WHEN many THEN 0 ELSE seq END
), told AS (
  -- For the caches of all workers.
  INSERT INTO ops.moved (layer, epoch, vis, up_to, west, south, east, north)
  SELECT layer, epoch, vis, up_to, west, south, east, north FROM touched
), stale AS (
  -- In the transaction of the new epoch: whoever has the epoch finds the rungs that it made stale marked.
  UPDATE ops.rung_cell AS cell SET stale = true, marks = cell.marks + 1
    FROM fresh
   WHERE cell.layer = fresh.layer AND fresh.op <> 'ladder' AND fresh.vis = 0
     AND (fresh.west IS NULL OR (cell.west <= fresh.east AND cell.east >= fresh.west
                             AND cell.south <= fresh.north AND cell.north >= fresh.south))
), behind AS (
  -- By the columns and rows of tiles that the ground touches, their buffer of 1/64 (and a hair) included; and
  -- the grid of public points, whose copy may lie a step away from where the change was.
  UPDATE ops.tile_ahead AS tile SET stale = true, marks = tile.marks + 1, marked_at = clock_timestamp()
    FROM touched JOIN ops.ladder ON ladder.layer = touched.layer AND ladder.ahead
                                AND (touched.edited OR ladder.kind <> 'exact'),
         LATERAL (SELECT 2.0::float8 ^ ladder.zoom AS side) AS tiles,
         LATERAL (SELECT coalesce(max((description->>'public_grid_deg')::float8), 0) AS step
                    FROM ops.layer WHERE name = touched.layer) AS grid
   WHERE touched.vis = 0 AND tile.layer = ladder.layer AND tile.zoom = ladder.zoom
     AND tile.x BETWEEN floor(ops.mercator_x(coalesce(west - step, -180)) * side - 0.0158)
                    AND floor(ops.mercator_x(coalesce(east + step, 180)) * side + 0.0158)
     AND tile.y BETWEEN floor(ops.mercator_y(coalesce(north + step, 90)) * side - 0.0158)
                    AND floor(ops.mercator_y(coalesce(south - step, -90)) * side + 0.0158)
), advanced AS (
  UPDATE ops.pump_cursor AS c SET xid = last.xid, seq = last.seq
    FROM (SELECT xid, seq FROM fresh ORDER BY xid DESC, seq DESC LIMIT 1) AS last
)
SELECT (SELECT array_agg(layer ORDER BY layer) FROM moved), (SELECT count(*) FROM fresh)
