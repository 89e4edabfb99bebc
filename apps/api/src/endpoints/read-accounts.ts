import type { Routes } from "@millrace/contracts";
import type { UsageRow } from "@millrace/db";
import { visibleOwner } from "../auth/principal.ts";
import type { Endpoint } from "../http/endpoint.ts";
import type { EndpointNeeds } from "./needs.ts";

const DAY_MS = 86_400_000;
const DEFAULT_SPAN_MS = 30 * DAY_MS;

/** A2.6: how many contents an older version of the pipeline processed. */
export function readDrift({ contents, specs }: EndpointNeeds): Endpoint<Routes["readDrift"]> {
  return async ({ principal }) => {
    const current = specs.find("content")?.version ?? "";
    const counts = await contents.countVersions(visibleOwner(principal));
    const known = counts.flatMap(({ version, count }) =>
      version !== null && minorOf(version) !== undefined ? [{ version, count }] : [],
    );
    const stale = known.filter(({ version }) => minorOf(version) !== minorOf(current));
    const total = sumOf(counts, ({ count }) => count);
    return {
      status: 200,
      body: {
        current_version: current,
        stale_content: stale,
        total_stale: sumOf(stale, ({ count }) => count),
        unknown_version_count: total - sumOf(known, ({ count }) => count),
        total_content: total,
      },
    };
  };
}

/** "1.2" of "1.2.3"; undefined of what is no version. */
function minorOf(version: string): string | undefined {
  return /^(\d+\.\d+)\.\d+(?:[-+].*)?$/.exec(version)?.[1];
}

export function readUsage({ contents, clock }: EndpointNeeds): Endpoint<Routes["readUsage"]> {
  return async ({ principal, query }) => {
    const to = query.to === undefined ? clock.now() : new Date(query.to);
    const from = query.from === undefined ? new Date(to.getTime() - DEFAULT_SPAN_MS) : new Date(query.from);
    const rows = await contents.readUsage({ ownerId: visibleOwner(principal), from, to });
    const providers = [...new Set(rows.map(({ provider }) => provider))].map((provider) => {
      const models = rows.filter((row) => row.provider === provider);
      return {
        provider,
        ...usedIn(models),
        models: models.map((row) => ({ model: row.model, jobs: row.jobs, ...usedIn([row]) })),
      };
    });
    return { status: 200, body: { from: from.toISOString(), to: to.toISOString(), ...usedIn(rows), providers } };
  };
}

function usedIn(rows: readonly UsageRow[]) {
  return {
    calls: sumOf(rows, (row) => row.calls),
    input_tokens: sumOf(rows, (row) => row.inputTokens),
    output_tokens: sumOf(rows, (row) => row.outputTokens),
    cost_usd: sumOf(rows, (row) => row.costUsd),
    unpriced_calls: sumOf(rows, (row) => row.unpricedCalls),
  };
}

function sumOf<T>(rows: readonly T[], of: (row: T) => number): number {
  return rows.reduce((sum, row) => sum + of(row), 0);
}
