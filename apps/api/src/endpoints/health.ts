import type { DependencyCheck, Readiness, Routes } from "@millrace/contracts";
import type { Endpoint } from "../http/endpoint.ts";
import type { EndpointNeeds } from "./needs.ts";

export interface Build {
  readonly appVersion: string;
  readonly gitSha: string;
  readonly buildDate: string;
}

/** How long /ready waits for each dependency. */
const CHECK_MS = 2_000;

export function health(build: Build): Endpoint<Routes["health"]> {
  const body = {
    status: "ok" as const,
    app_version: build.appVersion,
    git_sha: build.gitSha,
    build_date: build.buildDate,
  };
  return async () => ({ status: 200, body });
}

/** Postgres decides whether work is accepted; without Redis or blobs it is, or part of it, and waits. */
export function ready(
  { store, queue, blobs, log }: EndpointNeeds,
  isStopping: () => boolean,
): Endpoint<Routes["ready"]> {
  let underWay: Promise<Readiness["checks"]> | undefined;

  // asked by anybody, as often as they like: those who ask at the same time share one round of checks
  const checkAll = (): Promise<Readiness["checks"]> => {
    underWay ??= Promise.all([
      check(() => store.ping(CHECK_MS)),
      check(() => queue.ping(CHECK_MS)),
      check(() => blobs.check()),
    ])
      .then(([postgres, redis, blobStore]) => ({ postgres, redis, blobs: blobStore }))
      .finally(() => {
        underWay = undefined;
      });
    return underWay;
  };

  const check = async (ask: () => Promise<void>): Promise<DependencyCheck> => {
    const started = performance.now();
    const latency = () => Math.round((performance.now() - started) * 10) / 10;
    try {
      await withinTime(ask);
      return { status: "ok", latency_ms: latency() };
    } catch (err) {
      log.debug({ err }, "a dependency does not answer");
      return { status: "failed", latency_ms: latency(), error: "does not answer" };
    }
  };

  return async () => {
    const checks = await checkAll();
    if (isStopping()) return { status: 503, body: { status: "stopping", checks } };
    if (checks.postgres.status === "failed") return { status: 503, body: { status: "unavailable", checks } };
    const isDegraded = checks.redis.status === "failed" || checks.blobs.status === "failed";
    return { status: 200, body: { status: isDegraded ? "degraded" : "ready", checks } };
  };
}

async function withinTime(ask: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_MS} ms`)), CHECK_MS);
  });
  try {
    await Promise.race([ask(), limit]);
  } finally {
    clearTimeout(timer);
  }
}
