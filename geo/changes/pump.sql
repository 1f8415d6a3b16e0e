-- One beat of the pump: everything between its cursor and the horizon, once, in order.
-- The cursor is (xid, seq) below pg_snapshot_xmin: a plain seq > last loses events of transactions that took
-- their number earlier and committed later.
WITH cursor AS (
  SELECT xid, seq FROM ops.pump_cursor FOR UPDATE
), fresh AS (
  SELECT log.xid, log.seq, log.layer, log.vis
    FROM ops.change_log AS log, cursor
   WHERE log.xid >= cursor.xid
     AND (log.xid, log.seq) > (cursor.xid, cursor.seq)
     AND log.xid < pg_snapshot_xmin(pg_current_snapshot())
), moved AS (
  INSERT INTO ops.layer_state AS state (layer, epoch, public_epoch)
  SELECT layer, 2, CASE WHEN min(vis) = 0 THEN 2 ELSE 1 END FROM fresh GROUP BY layer
  ON CONFLICT (layer) DO UPDATE SET epoch = state.epoch + 1,
    public_epoch = state.public_epoch + excluded.public_epoch - 1
  RETURNING layer
), advanced AS (
  UPDATE ops.pump_cursor AS c SET xid = last.xid, seq = last.seq
    FROM (SELECT xid, seq FROM fresh ORDER BY xid DESC, seq DESC LIMIT 1) AS last
)
SELECT (SELECT array_agg(layer ORDER BY layer) FROM moved), (SELECT count(*) FROM fresh)
