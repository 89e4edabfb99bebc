-- What Drizzle's schema cannot say: where a quota's day begins, who reserves and who settles, and the limits to begin with.

INSERT INTO "quotas" ("service", "pool", "daily_limit") VALUES ('youtube', '*', 10000) ON CONFLICT DO NOTHING;
--> statement-breakpoint
INSERT INTO "permit_limits" ("provider", "permits") VALUES ('kie', 10), ('gemini', 12), ('elevenlabs', 6) ON CONFLICT DO NOTHING;
--> statement-breakpoint
-- Raises for a zone that Postgres does not know: the dispatch statement must never meet one.
ALTER TABLE "quotas" ADD CONSTRAINT "ck_quotas_time_zone" CHECK ((timestamptz '2000-01-01 00:00:00Z' AT TIME ZONE "time_zone") IS NOT NULL);
--> statement-breakpoint
ALTER TABLE "quota_usages" SET (fillfactor = 50);
--> statement-breakpoint

-- The day an instant belongs to where the quota is counted, and when the next one begins: 23 to 25 hours after this one did.
CREATE OR REPLACE FUNCTION "quota_day"(at timestamptz, zone text, OUT day date, OUT resets_at timestamptz)
LANGUAGE sql STABLE AS $$
  SELECT d.day, (d.day + 1)::timestamp AT TIME ZONE zone FROM (SELECT (at AT TIME ZONE zone)::date AS day) d
$$;
--> statement-breakpoint
-- Today's state of a quota; always one row. A pool without a row of its own is as `*` says, and without that unlimited.
CREATE OR REPLACE FUNCTION "quota_state"(of_service text, of_pool text)
RETURNS TABLE (daily_limit bigint, time_zone text, day date, resets_at timestamptz, paused_until timestamptz, pause_reason text,
  units_used bigint, units_reserved bigint)
LANGUAGE sql STABLE AS $$
  SELECT q.daily_limit, q.time_zone, d.day, d.resets_at, q.paused_until, q.pause_reason,
    coalesce(u.units_used, 0), coalesce(u.units_reserved, 0)
  FROM (
    SELECT * FROM (
      SELECT q.daily_limit, q.time_zone,
        CASE WHEN q.paused_until > now() THEN q.paused_until END AS paused_until,
        CASE WHEN q.paused_until > now() THEN q.pause_reason END AS pause_reason,
        (q.pool = '*')::int AS place
      FROM quotas q WHERE q.service = of_service AND q.pool IN (of_pool, '*')
      UNION ALL
      SELECT NULL, 'America/Los_Angeles', NULL, NULL, 2
    ) known ORDER BY place LIMIT 1
  ) q
  CROSS JOIN LATERAL quota_day(now(), q.time_zone) d
  LEFT JOIN LATERAL (
    SELECT * FROM quota_usages WHERE service = of_service AND pool = of_pool AND date = d.day LIMIT 1
  ) u ON true
$$;
--> statement-breakpoint

-- Lets jobs go that the dispatcher parked for want of units, as many as there is room for, in turns of their channels. Those
-- it parked wait for the day's end exactly; what a stage asked to wait for it does not touch. `is_for_all`: whoever
-- changed the quota wants all of them tried, those that wait out a pause, too. A job somebody holds is left to the next time.
CREATE OR REPLACE FUNCTION "free_parked"(of_service text, of_pool text, but_for uuid[], is_for_all boolean)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  state record;
  room bigint;
  freed integer;
BEGIN
  IF NOT EXISTS (SELECT FROM pipeline_jobs WHERE waiting_for = 'quota' AND quota_service = of_service AND quota_pool = of_pool) THEN
    RETURN 0;
  END IF;
  SELECT * INTO state FROM quota_state(of_service, of_pool);
  IF state.paused_until IS NOT NULL THEN
    RETURN 0;
  END IF;
  room := state.daily_limit - state.units_used - state.units_reserved;
  UPDATE pipeline_jobs j SET next_retry_at = now(), updated_at = now()
  FROM (
    SELECT l.id
    FROM (
      SELECT id, before
      FROM (
        SELECT id, rank, turn, seq, sum(units) OVER (ORDER BY rank, turn, seq) - units AS before
        FROM (
          SELECT id, seq, quota_units AS units, r.rank,
            row_number() OVER (PARTITION BY r.rank, channel_id ORDER BY seq) AS turn
          FROM pipeline_jobs
          CROSS JOIN LATERAL (SELECT CASE priority WHEN 'high' THEN 0 WHEN 'normal' THEN 1 ELSE 2 END AS rank) r
          WHERE waiting_for = 'quota' AND quota_service = of_service AND quota_pool = of_pool
            AND coalesce(quota_units <= room, true) AND next_retry_at > now()
            AND (is_for_all OR next_retry_at = state.resets_at) AND id <> ALL (but_for)
        ) parked
      ) asked
      WHERE coalesce(before < room, true)
      ORDER BY before, rank, turn, seq
      LIMIT CASE WHEN is_for_all THEN NULL ELSE 1000 END
    ) c
    CROSS JOIN LATERAL (
      SELECT id, waiting_for FROM pipeline_jobs WHERE id = c.id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
    ) l
    WHERE l.waiting_for = 'quota'
  ) f
  WHERE j.id = f.id;
  GET DIAGNOSTICS freed = ROW_COUNT;
  RETURN freed;
END;
$$;
--> statement-breakpoint

-- Units reserved are the sum of the reservations because nothing but these triggers writes either. Rows of usage are
-- locked in the order of their keys, after jobs, contents and turns.
CREATE OR REPLACE FUNCTION "count_reserved"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM new_reservations) THEN
    RETURN NULL;
  END IF;
  INSERT INTO quota_usages AS u (service, pool, date, units_reserved)
  SELECT service, pool, date, sum(units) FROM new_reservations GROUP BY service, pool, date ORDER BY service, pool, date
  ON CONFLICT (service, pool, date) DO UPDATE SET units_reserved = u.units_reserved + excluded.units_reserved, updated_at = now();
  RETURN NULL;
END;
$$;
--> statement-breakpoint
-- What was reserved is used as far as its stage said; if it said nothing, all of it when the stage had begun.
CREATE OR REPLACE FUNCTION "count_used"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  refund record;
BEGIN
  IF NOT EXISTS (SELECT FROM old_reservations) THEN
    RETURN NULL;
  END IF;
  PERFORM FROM quota_usages u
  WHERE (u.service, u.pool, u.date) IN (SELECT service, pool, date FROM old_reservations)
  ORDER BY u.service, u.pool, u.date FOR NO KEY UPDATE;
  FOR refund IN
    UPDATE quota_usages u
    SET units_reserved = greatest(0, u.units_reserved - s.reserved), units_used = u.units_used + s.used, updated_at = now()
    FROM (
      SELECT r.service, r.pool, r.date, sum(r.units) AS reserved, array_agg(r.job_id) AS jobs,
        sum(coalesce(r.units_used, CASE WHEN j.fence <= r.fence THEN 0 ELSE r.units END)) AS used
      FROM old_reservations r LEFT JOIN pipeline_jobs j ON j.id = r.job_id
      GROUP BY r.service, r.pool, r.date
    ) s
    WHERE u.service = s.service AND u.pool = s.pool AND u.date = s.date
    RETURNING u.service, u.pool, s.jobs, s.reserved > s.used AS is_refund
  LOOP
    IF refund.is_refund THEN
      PERFORM free_parked(refund.service, refund.pool, refund.jobs, false);
    END IF;
  END LOOP;
  RETURN NULL;
END;
$$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION "forget_reserved"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE quota_usages SET units_reserved = 0 WHERE units_reserved <> 0;
  RETURN NULL;
END;
$$;
--> statement-breakpoint
-- The job has left the stage it was picked for, whatever way: on to the next one, back to the backlog, or to its end. Another
-- ticket for the same stage keeps what is reserved.
CREATE OR REPLACE FUNCTION "settle_units"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM old_jobs WHERE quota_units IS NOT NULL AND dispatched_at IS NOT NULL AND finished_at IS NULL) THEN
    RETURN NULL;
  END IF;
  DELETE FROM quota_reservations r
  USING (
    SELECT n.id FROM old_jobs o JOIN new_jobs n ON n.id = o.id
    WHERE o.quota_units IS NOT NULL AND o.dispatched_at IS NOT NULL AND o.finished_at IS NULL
      AND (n.dispatched_at IS NULL OR n.finished_at IS NOT NULL OR n.stage <> o.stage)
  ) gone
  WHERE r.job_id = gone.id;
  RETURN NULL;
END;
$$;
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "tr_quota_reservations_inserted" AFTER INSERT ON "quota_reservations"
  REFERENCING NEW TABLE AS new_reservations FOR EACH STATEMENT EXECUTE FUNCTION "count_reserved"();
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "tr_quota_reservations_deleted" AFTER DELETE ON "quota_reservations"
  REFERENCING OLD TABLE AS old_reservations FOR EACH STATEMENT EXECUTE FUNCTION "count_used"();
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "tr_quota_reservations_emptied" AFTER TRUNCATE ON "quota_reservations"
  FOR EACH STATEMENT EXECUTE FUNCTION "forget_reserved"();
--> statement-breakpoint
-- Triggers of a table run in the order of their names: this one after the turns are counted, as the dispatch statement does it.
CREATE OR REPLACE TRIGGER "tr_pipeline_jobs_units_settled" AFTER UPDATE ON "pipeline_jobs"
  REFERENCING OLD TABLE AS old_jobs NEW TABLE AS new_jobs FOR EACH STATEMENT EXECUTE FUNCTION "settle_units"();
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "tr_quotas_updated_at" BEFORE UPDATE ON "quotas"
  FOR EACH ROW WHEN (NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at) EXECUTE FUNCTION "set_updated_at"();
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "tr_permit_limits_updated_at" BEFORE UPDATE ON "permit_limits"
  FOR EACH ROW WHEN (NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at) EXECUTE FUNCTION "set_updated_at"();
--> statement-breakpoint

-- A function, not one statement: what others took is to be seen after the lock was got, and a statement sees what there was
-- when it began. A permit counts as long as its claim's lease; a lease that is over may yet be extended by the same claim.
CREATE OR REPLACE FUNCTION "take_permit"(of_provider text, of_id uuid, of_job uuid, of_fence integer, OUT kind text, OUT held integer, OUT allowed integer)
LANGUAGE plpgsql AS $$
DECLARE
  is_live boolean;
BEGIN
  SELECT lease_until > now() INTO is_live FROM pipeline_jobs
  WHERE id = of_job AND fence = of_fence AND status = 'processing' AND lease_until IS NOT NULL;
  IF NOT FOUND THEN
    kind := 'lost';
    RETURN;
  END IF;
  SELECT permits INTO allowed FROM permit_limits WHERE provider = of_provider FOR NO KEY UPDATE;
  DELETE FROM permits p USING (
    SELECT id FROM permits p WHERE p.provider = of_provider AND NOT EXISTS (
      SELECT FROM pipeline_jobs WHERE id = p.job_id AND fence = p.fence AND status = 'processing' AND lease_until IS NOT NULL
    ) ORDER BY id FOR UPDATE SKIP LOCKED
  ) dead WHERE p.id = dead.id;
  SELECT count(*) INTO held FROM permits p WHERE p.provider = of_provider AND EXISTS (
    SELECT FROM pipeline_jobs WHERE id = p.job_id AND fence = p.fence AND status = 'processing' AND lease_until > now()
  ) AND p.id <> of_id;
  IF NOT is_live OR held >= allowed THEN
    kind := 'busy';
    allowed := coalesce(allowed, 0);
    RETURN;
  END IF;
  INSERT INTO permits (id, provider, job_id, fence) VALUES (of_id, of_provider, of_job, of_fence) ON CONFLICT DO NOTHING;
  kind := 'taken';
END;
$$;
--> statement-breakpoint

-- As before, but for the dispatch statement, which says for itself who left the line while it moves the turns: that
-- writes each channel's row once instead of twice.
CREATE OR REPLACE FUNCTION "count_turns_of_changes"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('millrace.turns_are_counted', true) = 'yes' AND pg_trigger_depth() = 1 THEN
    PERFORM set_config('millrace.turns_are_counted', '', true);
    RETURN NULL;
  END IF;
  IF NOT EXISTS (SELECT FROM new_jobs WHERE waiting_for = 'turn') AND NOT EXISTS (SELECT FROM old_jobs WHERE waiting_for = 'turn') THEN
    RETURN NULL;
  END IF;
  PERFORM count_turns(array_agg(lane), array_agg(rank), array_agg(channel_id), array_agg(moved), array_agg(seq))
  FROM (
    SELECT lane, rank, channel_id, sum(moved)::integer AS moved, min(seq) AS seq
    FROM (
      SELECT lane, (CASE priority WHEN 'high' THEN 0 WHEN 'normal' THEN 1 ELSE 2 END)::smallint AS rank,
        coalesce(channel_id, '00000000-0000-0000-0000-000000000000') AS channel_id, 1 AS moved, seq
      FROM new_jobs WHERE waiting_for = 'turn' AND cancel_requested_at IS NULL
      UNION ALL
      SELECT lane, (CASE priority WHEN 'high' THEN 0 WHEN 'normal' THEN 1 ELSE 2 END)::smallint,
        coalesce(channel_id, '00000000-0000-0000-0000-000000000000'), -1, seq
      FROM old_jobs WHERE waiting_for = 'turn' AND cancel_requested_at IS NULL
    ) each
    GROUP BY lane, rank, channel_id
  ) moved;
  RETURN NULL;
END;
$$;
