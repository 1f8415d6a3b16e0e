-- What the holder of a tracking code may know. The code is the right: forty random bits. It stands in pub because
-- anonymous callers have no way into core, and answers for reports of every visibility.
DROP FUNCTION IF EXISTS pub.report_status(text);  -- its columns grow
CREATE FUNCTION pub.report_status(tracking_code text)
RETURNS TABLE (code text, status text, category text, received_at timestamptz, ward_code text, ward_name text,
               confidence text, history jsonb, located boolean, incident jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT report.code, report.status, report.category, report.received_at, report.ward_code, report.ward_name,
         (SELECT decision.confidence FROM core.route_decision AS decision
           WHERE decision.report_id = report.id ORDER BY decision.id DESC LIMIT 1),
         (SELECT jsonb_agg(jsonb_build_object('at', event.at, 'status', event.status) ORDER BY event.seq)
            FROM core.report_event AS event WHERE event.report_id = report.id),
         report.geom IS NOT NULL,
         -- Told only of many: that a matter was reported once is what the sender knows.
         (SELECT jsonb_build_object('code', report.incident_code, 'reports', count(*),
                                    'status', max(one.status) FILTER (WHERE one.code = report.incident_code))
            FROM core.reports AS one WHERE one.incident_code = report.incident_code HAVING count(*) > 1)
    FROM core.any_report AS report WHERE report.code = tracking_code
$$;
ALTER FUNCTION pub.report_status(text) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION pub.report_status(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pub.report_status(text) TO diaban_public, diaban_reader, diaban_writer;
