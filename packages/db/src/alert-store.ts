import type { JsonObject } from "@millrace/core";
import { arrayLiteral } from "./array-literal.ts";
import type { Database, Row } from "./database.ts";
import { jsonText, plainText } from "./json-text.ts";
import type { ALERT_SEVERITIES } from "./schema/alerts.ts";
import { type AlertFacts, readAlertFacts } from "./statements/alert-facts.ts";
import { camelRow } from "./statements/camel-row.ts";

export type AlertSeverity = (typeof ALERT_SEVERITIES)[number];

export interface NewAlert {
  /** What happened, such as `task_error:17`, at most 300 characters: told once. */
  readonly fact: string;
  readonly kind: string;
  /** What it is about; alerts of one kind and subject are sent at least `everyMs` apart. */
  readonly subject: string;
  readonly severity: AlertSeverity;
  readonly message: string;
  readonly details: JsonObject;
  readonly everyMs: number;
}

export interface AlertRow {
  readonly id: number;
  readonly kind: string;
  readonly subject: string;
  readonly severity: AlertSeverity;
  readonly message: string;
  readonly details: JsonObject;
  readonly at: Date;
  readonly tries: number;
  readonly nextTryAt: Date | null;
  readonly sentAt: Date | null;
  readonly error: string | null;
}

/** Alerts of one kind and subject that are sent as one message. */
export interface AlertBatch {
  /** The first of them. */
  readonly alert: AlertRow;
  readonly ids: readonly number[];
}

/** What somebody should know. `now` is the instant that counts, for tests a set one. */
export interface AlertStore {
  /** What may be worth an alert; what was told of before may be among it, `raise` knows. */
  readFacts(now: Date): Promise<AlertFacts>;
  /** Keeps the alert; false when its fact is known. Without `isSent` it is only kept. */
  raise(alert: NewAlert, options: { readonly now: Date; readonly isSent: boolean }): Promise<boolean>;
  /** What is to be sent now; each is handed out for one minute, three times at most. */
  take(now: Date): Promise<AlertBatch[]>;
  /** `error` null: they were sent. */
  keepTry(ids: readonly number[], outcome: { readonly now: Date; readonly error: string | null }): Promise<void>;
  /** Newest first. */
  listAlerts(limit: number): Promise<AlertRow[]>;
  /** Those older than this go, and workers nobody has heard of for as long. */
  forget(before: Date): Promise<void>;
}

const TRIES = 3;
const MOST_TAKEN = 20;

const RAISE = `
insert into alerts (fact, kind, subject, severity, message, details, at, every_ms, next_try_at, error)
select $1, $2, $3, $4, $5, $6::text::jsonb, at, $8::int, case when $9::int = 1 then at end,
  case when $9::int = 0 then 'there is no address to send it to' end
from (select $7::timestamptz as at) now
on conflict (fact) do nothing
returning id
`;

/**
 * Of each kind and subject all that wait, unless one was sent just now or is being tried. Two leaders at once get no row
 * twice: the second sees the first one's next_try_at.
 */
const TAKE = `
with due as (
  select distinct w.kind, w.subject
  from alerts w
  where w.next_try_at <= $1::timestamptz
    and not exists (
      select from alerts s where s.kind = w.kind and s.subject = w.subject
        and s.at > $1::timestamptz - interval '7 days'
        and (s.sent_at > $1::timestamptz - w.every_ms * interval '1 ms' or (s.tries > 0 and s.next_try_at > $1::timestamptz))
    )
  limit ${MOST_TAKEN}
)
update alerts a set tries = tries + 1,
  next_try_at = case when tries + 1 < ${TRIES} then $1::timestamptz + interval '1 minute' end,
  error = 'being sent'
from due
where a.kind = due.kind and a.subject = due.subject and a.next_try_at <= $1::timestamptz
returning a.*
`;

const KEEP_TRY = `
update alerts set sent_at = case when $3::text is null then $2::timestamptz end, error = $3::text,
  next_try_at = case when $3::text is not null then next_try_at end
where id = any ($1::bigint[])
`;

function alertOf(row: Row): AlertRow {
  return camelRow<AlertRow>(row, { instants: ["at", "next_try_at", "sent_at"], numbers: ["id"] });
}

function batchesOf(rows: readonly AlertRow[]): AlertBatch[] {
  const batches = new Map<string, { alert: AlertRow; ids: number[] }>();
  for (const alert of rows) {
    const key = JSON.stringify([alert.kind, alert.subject]);
    const known = batches.get(key);
    if (known === undefined) batches.set(key, { alert, ids: [alert.id] });
    else known.ids.push(alert.id);
  }
  return [...batches.values()];
}

export function createAlertStore({ query }: Pick<Database, "query">): AlertStore {
  return {
    readFacts: (now) => readAlertFacts(query, now),

    async raise(alert, { now, isSent }) {
      const texts = [alert.fact, alert.kind, alert.subject, alert.severity, alert.message].map(plainText);
      const rows = await query(RAISE, [
        ...texts,
        jsonText(alert.details),
        now.toISOString(),
        alert.everyMs,
        Number(isSent),
      ]);
      return rows.length > 0;
    },

    async take(now) {
      const rows = (await query(TAKE, [now.toISOString()])).map(alertOf);
      return batchesOf(rows.sort((a, b) => a.id - b.id));
    },

    async keepTry(ids, { now, error }) {
      await query(KEEP_TRY, [arrayLiteral(ids), now.toISOString(), error === null ? null : plainText(error)]);
    },

    listAlerts: async (limit) =>
      (await query("select * from alerts order by id desc limit $1::int", [limit])).map(alertOf),

    async forget(before) {
      await query("delete from alerts where at < $1::timestamptz", [before.toISOString()]);
      await query("delete from leases where name like 'worker:%' and expires_at < $1::timestamptz", [
        before.toISOString(),
      ]);
    },
  };
}
