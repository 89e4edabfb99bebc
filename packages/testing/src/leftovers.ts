import type { Worker } from "node:worker_threads";
import { until } from "./until.ts";

/** What keeps a process alive and is ours to close. Timers count only while they are ref'ed. */
const WATCHED = new Set(["Timeout", "TCPSocketWrap", "TCPServerWrap", "PipeWrap", "ProcessWrap"]);

type Counts = ReadonlyMap<string, number>;

function countResources(): Counts {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (WATCHED.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

export interface LeftoverWatch {
  /** Fails when a timer, socket, server, child process or worker thread opened since is still open. */
  expectNothingLeft(timeoutMs?: number): Promise<void>;
}

/** Call before the first thing is opened, `expectNothingLeft()` once everything should be closed. */
export function watchLeftovers(): LeftoverWatch {
  const before = countResources();
  // Node does not list worker threads among the active resources, but tells of each one made.
  const threads = new Set<Worker>();
  const noticeThread = (thread: Worker): void => {
    threads.add(thread);
    thread.once("exit", () => threads.delete(thread));
  };
  process.on("worker", noticeThread);

  const surplus = (): readonly string[] => {
    const resources = [...countResources()].map(([kind, count]) => [kind, count - (before.get(kind) ?? 0)] as const);
    const counted = [...resources, ["worker thread", threads.size] as const];
    return counted.filter(([, more]) => more > 0).map(([kind, more]) => `${more} × ${kind}`);
  };

  return {
    async expectNothingLeft(timeoutMs = 2_000) {
      // `until` waits on a timer of its own, which has fired by the time the condition is asked.
      await until(() => surplus().length === 0, {
        timeoutMs,
        everyMs: 5,
        message: () => `everything to be closed; left behind: ${surplus().join(", ")}`,
      });
      process.removeListener("worker", noticeThread);
    },
  };
}
