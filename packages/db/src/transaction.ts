import type postgres from "postgres";
import { type Query, send } from "./send.ts";
import { isOutage } from "./store-error.ts";

/**
 * Several statements that stand or fall together. postgres.js 3.4.9 rejects a transaction whose connection closed, but
 * still sends what its work asks afterwards, and its own commit or rollback: into the session the connection has by
 * then, which may be another caller's transaction, or, where there is none yet, into nothing, which ends the process
 * (`Cannot read properties of null (reading 'write')`). So once the connection is gone nothing is asked any more, and
 * postgres.js never hears how the work ended.
 */
export function runTransaction<T>(client: postgres.Sql, work: (query: Query) => Promise<T>): Promise<T> {
  let lost: unknown;
  const running = client.begin(async (inside) => {
    const query: Query = (text, params = []) => {
      if (lost !== undefined) return Promise.reject(lost);
      return send<never>(inside, text, params).catch((error: unknown) => {
        if (isConnectionLost(error)) lost ??= error;
        throw error;
      });
    };
    try {
      return await work(query);
    } finally {
      if (lost !== undefined) await new Promise(() => {});
    }
  }) as Promise<T>;
  running.catch((error: unknown) => {
    lost ??= error;
  });
  return running;
}

/** Any outage that Postgres did not report as a statement's own: the session has ended, or ends with it. */
function isConnectionLost(error: unknown): boolean {
  if (!isOutage(error) || typeof error !== "object" || error === null) return false;
  return !("severity" in error) || error.severity === "FATAL" || error.severity === "PANIC";
}
