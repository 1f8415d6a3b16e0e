"""The worker's side of the table: claim, beat, finish, give back, sweep; fenced by the attempt's number."""

from __future__ import annotations

# One waiting job: of who has the fewest running, then the longest waiting; ``kept``: of which kind.
# Two workers never get the same one.
CLAIM = """
UPDATE ops.job SET status = 'running', attempt = attempt + 1, progress = 0, problem = NULL, message = NULL,
       started_at = now(), heartbeat_at = now(), updated_at = now()
 WHERE id = (SELECT id FROM ops.job WHERE status = 'accepted' AND kept = %(kept)s AND expires_at > now()
              ORDER BY (SELECT count(*) FROM ops.job AS other
                         WHERE other.status = 'running' AND other.origin = job.origin), created_at
              LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, attempt
"""
LOAD = """
SELECT process, inputs, claims FROM ops.job WHERE id = %(id)s AND attempt = %(attempt)s AND status = 'running'
"""
BEAT = """
UPDATE ops.job SET heartbeat_at = now(), updated_at = now(),
       progress = coalesce(%(progress)s, progress), message = coalesce(%(message)s, message)
 WHERE id = %(id)s AND attempt = %(attempt)s AND status = 'running'
"""
# The worker's own word for processes that it sees alive: on a busy machine one may take long to begin.
ALIVE = """
UPDATE ops.job SET heartbeat_at = now()
  FROM unnest(%(ids)s::uuid[], %(attempts)s::int[]) AS own (id, attempt)
 WHERE job.id = own.id AND job.attempt = own.attempt AND job.status = 'running'
"""
# The one place where a result is born: a second attempt, a dismissal or a sweep in between, and it is not.
FINISH = """
UPDATE ops.job SET status = %(status)s, result = %(result)s, problem = %(problem)s, message = %(message)s,
       progress = CASE WHEN %(status)s = 'successful' THEN 100 ELSE progress END,
       finished_at = now(), updated_at = now(), expires_at = now() + %(kept_for)s::interval
 WHERE id = %(id)s AND attempt = %(attempt)s AND status = 'running'
"""
# What a dead process leaves goes back into the queue; what has killed several is not tried for ever.
_BACK = """
UPDATE ops.job SET
       status = CASE WHEN attempt >= %(attempts)s THEN 'failed' ELSE 'accepted' END,
       problem = CASE WHEN attempt >= %(attempts)s THEN %(problem)s END,
       message = CASE WHEN attempt >= %(attempts)s THEN %(problem)s -> 'text' END,
       finished_at = CASE WHEN attempt >= %(attempts)s THEN now() END,
       heartbeat_at = NULL, updated_at = now()
 WHERE status = 'running' AND """
GIVE_BACK = _BACK + "id = %(id)s AND attempt = %(attempt)s"
REQUEUE_DEAD = _BACK + "heartbeat_at < now() - make_interval(secs => %(dead_after_s)s) RETURNING id"
# Those of ours that somebody dismissed, or that are no longer there.
LOST = """
SELECT own.id, own.attempt FROM unnest(%(ids)s::uuid[], %(attempts)s::int[]) AS own (id, attempt)
 WHERE NOT EXISTS (SELECT FROM ops.job
                    WHERE job.id = own.id AND job.attempt = own.attempt AND status = 'running')
"""
SWEEP = """
DELETE FROM ops.job WHERE expires_at < now() OR (NOT kept AND created_at < now() - interval '15 minutes')
"""
# Folders that may stay: of the attempt that runs or has succeeded.
LIVE = "SELECT id, attempt FROM ops.job WHERE status IN ('running', 'successful')"
