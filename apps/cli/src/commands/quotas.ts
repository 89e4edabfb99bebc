import { userInfo } from "node:os";
import {
  createKeyStore,
  createPermitStore,
  createQuotaStore,
  type Database,
  type PermitRow,
  type PoolName,
  type QuotaChange,
  type QuotaRow,
} from "@millrace/db";
import type { CliConfig } from "../config.ts";
import type { Terminal } from "../terminal.ts";
import { connectForCli, withDatabaseUrl } from "../with-database.ts";

/** More than anybody reads. */
const MOST_SHOWN = 1_000;

/** Where these commands act and speak. */
export interface At {
  readonly config: CliConfig;
  readonly terminal: Terminal;
}

export function listQuotas({ config, terminal }: At, options: { readonly json: boolean }): Promise<void> {
  return inDatabase(config, options.json ? { ...terminal, say: terminal.warn } : terminal, async (db) => {
    const quotas = await createQuotaStore(db).listQuotas(MOST_SHOWN);
    if (options.json) return terminal.say(JSON.stringify({ quotas: quotas.map(jsonOf) }, null, 2));
    show(terminal, QUOTA_COLUMNS, quotas.map(cellsOf));
    for (const { service, pool, pausedUntil, pauseReason } of quotas)
      if (pausedUntil)
        terminal.say(`${service} ${pool} is paused until ${pausedUntil.toISOString()}: ${pauseReason ?? ""}`);
  });
}

/** Holds from the next pick on; jobs that waited for it and find room now go at once. */
export function changeQuota({ config, terminal }: At, name: PoolName, change: QuotaChange): Promise<void> {
  return inDatabase(config, terminal, async (db) => {
    const quotas = createQuotaStore(db);
    const before = await quotas.findQuota(name);
    const after = await quotas.changeQuota(name, change);
    await note(db, "audit.quota_change", { ...name, before: setOf(before), after: setOf(after) });
    const limit = after.limit === null ? "no limit" : `${after.limit} units a day`;
    const paused = after.pausedUntil === null ? "" : `, paused until ${after.pausedUntil.toISOString()}`;
    terminal.say(`${name.service} ${name.pool}: ${limit}, days of ${after.timeZone}${paused}`);
  });
}

export function listPermits({ config, terminal }: At, options: { readonly json: boolean }): Promise<void> {
  return inDatabase(config, options.json ? { ...terminal, say: terminal.warn } : terminal, async (db) => {
    const permits = await createPermitStore(db).listPermits();
    if (options.json) return terminal.say(JSON.stringify({ permits }, null, 2));
    show(
      terminal,
      ["provider", "permits", "held"],
      permits.map((row) => [row.provider, limitOf(row), String(row.held)]),
    );
  });
}

/** Holds from the next call on. */
export function changePermits({ config, terminal }: At, provider: string, permits: number | null): Promise<void> {
  return inDatabase(config, terminal, async (db) => {
    const after = await createPermitStore(db).changePermits(provider, permits);
    await note(db, "audit.permits_change", { provider, permits });
    terminal.say(`${provider}: ${after.permits === null ? "no limit" : `at most ${after.permits} calls at a time`}`);
  });
}

function inDatabase(config: CliConfig, terminal: Terminal, work: (db: Database) => Promise<void>): Promise<void> {
  return withDatabaseUrl(config, terminal, async (url) => {
    const db = connectForCli(url);
    try {
      await work(db);
    } finally {
      await db.close();
    }
  });
}

function note(db: Database, event: string, details: Readonly<Record<string, unknown>>): Promise<void> {
  return createKeyStore(db).recordAudit({ event, actor: `cli:${userInfo().username}`, details });
}

const setOf = ({ limit, timeZone, pausedUntil }: QuotaRow) => ({
  daily_limit: limit,
  time_zone: timeZone,
  paused_until: pausedUntil?.toISOString() ?? null,
});

const jsonOf = (row: QuotaRow) => ({
  service: row.service,
  pool: row.pool,
  ...setOf(row),
  day: row.day,
  resets_at: row.resetsAt.toISOString(),
  units_used: row.used,
  units_reserved: row.reserved,
  pause_reason: row.pauseReason,
  waiting: row.waiting,
});

const QUOTA_COLUMNS = ["service", "pool", "limit", "used", "reserved", "waiting", "next day"] as const;

const cellsOf = (row: QuotaRow): string[] => [
  row.service,
  row.pool,
  String(row.limit ?? "none"),
  String(row.used),
  String(row.reserved),
  String(row.waiting),
  row.resetsAt.toISOString(),
];

const limitOf = ({ permits }: PermitRow): string => String(permits ?? "none");

function show({ say, colour }: Terminal, columns: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = columns.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("  ")
      .trimEnd();
  say(colour.bold(line(columns)));
  for (const row of rows) say(line(row));
}
