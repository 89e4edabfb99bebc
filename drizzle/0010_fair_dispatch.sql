CREATE SEQUENCE "public"."sq_channel_turns_turn_no" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
CREATE TABLE "channel_turns" (
	"lane" text NOT NULL,
	"rank" smallint NOT NULL,
	"channel_id" uuid NOT NULL,
	"waiting" integer NOT NULL,
	"vtime" bigint NOT NULL,
	"turn_no" bigint NOT NULL,
	"has_waiting" boolean GENERATED ALWAYS AS (waiting > 0) STORED,
	CONSTRAINT "pk_channel_turns" PRIMARY KEY("lane","rank","channel_id")
);
--> statement-breakpoint
CREATE TABLE "channels" (
	"id" uuid NOT NULL,
	"weight" double precision DEFAULT 1 NOT NULL,
	"max_in_flight" integer,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_channels" PRIMARY KEY("id"),
	CONSTRAINT "ck_channels_id" CHECK ("channels"."id" <> '00000000-0000-0000-0000-000000000000'),
	CONSTRAINT "ck_channels_weight" CHECK ("channels"."weight" between 0.1 and 100),
	CONSTRAINT "ck_channels_max_in_flight" CHECK ("channels"."max_in_flight" >= 0)
);
--> statement-breakpoint
CREATE TABLE "turn_clocks" (
	"lane" text NOT NULL,
	"rank" smallint NOT NULL,
	"clock" bigint DEFAULT 0 NOT NULL,
	"rounds" bigint DEFAULT 0 NOT NULL,
	"served" integer DEFAULT 0 NOT NULL,
	"served_before" integer DEFAULT 0 NOT NULL,
	"span_began_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"span_before_began_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_turn_clocks" PRIMARY KEY("lane","rank")
);
--> statement-breakpoint
DROP INDEX "ix_pipeline_jobs_backlog_turn";--> statement-breakpoint
CREATE INDEX "ix_channel_turns_next" ON "channel_turns" USING btree ("lane","rank","vtime","turn_no","channel_id") WHERE "channel_turns"."has_waiting";--> statement-breakpoint
CREATE INDEX "ix_pipeline_jobs_turn" ON "pipeline_jobs" USING btree ("lane",(case "priority" when 'high' then 0 when 'normal' then 1 else 2 end),coalesce("channel_id", '00000000-0000-0000-0000-000000000000'::uuid),"seq") WHERE "pipeline_jobs"."waiting_for" = 'turn' and "pipeline_jobs"."cancel_requested_at" is null;--> statement-breakpoint
CREATE INDEX "ix_pipeline_jobs_channel_in_flight" ON "pipeline_jobs" USING btree ("channel_id") WHERE "pipeline_jobs"."dispatched_at" is not null and "pipeline_jobs"."finished_at" is null;--> statement-breakpoint

-- What Drizzle's schema cannot say: the classes, who is in line, and the triggers that keep count of it.
INSERT INTO "turn_clocks" ("lane", "rank")
SELECT lane, rank FROM unnest(ARRAY['io', 'cpu', 'media']) AS l(lane), unnest(ARRAY[0, 1, 2]::smallint[]) AS r(rank)
ON CONFLICT DO NOTHING;
--> statement-breakpoint
ALTER TABLE "channel_turns" SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
--> statement-breakpoint
ALTER TABLE "turn_clocks" SET (fillfactor = 20);
--> statement-breakpoint

-- Moves jobs into line and out of it. A channel whose line was empty enters: one standard step (100,000) behind the clock,
-- in the order in which jobs arrived. Rows are locked in the order of their channels, after the jobs and their contents.
CREATE OR REPLACE FUNCTION "count_turns"(lanes text[], ranks smallint[], channel_ids uuid[], moves integer[], seqs bigint[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO channel_turns AS t (lane, rank, channel_id, waiting, vtime, turn_no)
  SELECT lane, rank, channel_id, moved, vtime, turn_no
  FROM (
    SELECT m.lane, m.rank, m.channel_id, m.moved, coalesce(c.clock, 0) + 100000 AS vtime,
      CASE WHEN m.moved > 0 THEN nextval('sq_channel_turns_turn_no') ELSE 0 END AS turn_no
    FROM (
      SELECT * FROM unnest(lanes, ranks, channel_ids, moves, seqs) AS g(lane, rank, channel_id, moved, seq)
      WHERE g.moved <> 0 ORDER BY g.seq
    ) m
    LEFT JOIN LATERAL (SELECT clock FROM turn_clocks WHERE lane = m.lane AND rank = m.rank LIMIT 1) c ON true
  ) numbered
  ORDER BY channel_id, lane, rank
  ON CONFLICT (lane, rank, channel_id) DO UPDATE SET
    waiting = t.waiting + excluded.waiting,
    vtime = CASE WHEN t.waiting <= 0 AND excluded.waiting > 0 THEN greatest(t.vtime, excluded.vtime) ELSE t.vtime END,
    turn_no = CASE WHEN t.waiting <= 0 AND excluded.waiting > 0 THEN excluded.turn_no ELSE t.turn_no END;
END;
$$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION "count_turns_of_changes"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
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
--> statement-breakpoint
CREATE OR REPLACE FUNCTION "count_turns_of_arrivals"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM new_jobs WHERE waiting_for = 'turn') THEN
    RETURN NULL;
  END IF;
  PERFORM count_turns(array_agg(lane), array_agg(rank), array_agg(channel_id), array_agg(moved), array_agg(seq))
  FROM (
    SELECT lane, (CASE priority WHEN 'high' THEN 0 WHEN 'normal' THEN 1 ELSE 2 END)::smallint AS rank,
      coalesce(channel_id, '00000000-0000-0000-0000-000000000000') AS channel_id, count(*)::integer AS moved, min(seq) AS seq
    FROM new_jobs WHERE waiting_for = 'turn' AND cancel_requested_at IS NULL
    GROUP BY 1, 2, 3
  ) moved;
  RETURN NULL;
END;
$$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION "count_turns_of_deletions"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM old_jobs WHERE waiting_for = 'turn') THEN
    RETURN NULL;
  END IF;
  PERFORM count_turns(array_agg(lane), array_agg(rank), array_agg(channel_id), array_agg(moved), array_agg(seq))
  FROM (
    SELECT lane, (CASE priority WHEN 'high' THEN 0 WHEN 'normal' THEN 1 ELSE 2 END)::smallint AS rank,
      coalesce(channel_id, '00000000-0000-0000-0000-000000000000') AS channel_id, -count(*)::integer AS moved, min(seq) AS seq
    FROM old_jobs WHERE waiting_for = 'turn' AND cancel_requested_at IS NULL
    GROUP BY 1, 2, 3
  ) moved;
  RETURN NULL;
END;
$$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION "forget_turns"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM channel_turns;
  RETURN NULL;
END;
$$;
--> statement-breakpoint
-- Triggers of a table run in the order of their names: these after those that lock contents.
CREATE OR REPLACE TRIGGER "tr_pipeline_jobs_turns_changed" AFTER UPDATE ON "pipeline_jobs"
  REFERENCING OLD TABLE AS old_jobs NEW TABLE AS new_jobs FOR EACH STATEMENT EXECUTE FUNCTION "count_turns_of_changes"();
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "tr_pipeline_jobs_turns_inserted" AFTER INSERT ON "pipeline_jobs"
  REFERENCING NEW TABLE AS new_jobs FOR EACH STATEMENT EXECUTE FUNCTION "count_turns_of_arrivals"();
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "tr_pipeline_jobs_turns_deleted" AFTER DELETE ON "pipeline_jobs"
  REFERENCING OLD TABLE AS old_jobs FOR EACH STATEMENT EXECUTE FUNCTION "count_turns_of_deletions"();
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "tr_pipeline_jobs_turns_emptied" AFTER TRUNCATE ON "pipeline_jobs"
  FOR EACH STATEMENT EXECUTE FUNCTION "forget_turns"();
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "tr_channels_updated_at" BEFORE UPDATE ON "channels"
  FOR EACH ROW WHEN (NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at) EXECUTE FUNCTION "set_updated_at"();
--> statement-breakpoint
-- Jobs of the time before. The triggers above hold off whoever would change one meanwhile.
SELECT count_turns(array_agg(lane), array_agg(rank), array_agg(channel_id), array_agg(waiting), array_agg(seq))
FROM (
  SELECT lane, (CASE priority WHEN 'high' THEN 0 WHEN 'normal' THEN 1 ELSE 2 END)::smallint AS rank,
    coalesce(channel_id, '00000000-0000-0000-0000-000000000000') AS channel_id, count(*)::integer AS waiting, min(seq) AS seq
  FROM pipeline_jobs WHERE waiting_for = 'turn' AND cancel_requested_at IS NULL
  GROUP BY 1, 2, 3
) waiting;
