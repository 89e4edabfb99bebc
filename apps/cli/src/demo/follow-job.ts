import { setTimeout as pause } from "node:timers/promises";
import { isTerminal } from "@millrace/core";
import type { ApiClient, Body } from "../api-client.ts";
import type { Terminal } from "../terminal.ts";

export type VerboseJob = Extract<Body<"readJob">, { stages: unknown }>;

const POLL_MS = 100;

function warningsOf(warnings: unknown): readonly string[] {
  if (!Array.isArray(warnings)) return [];
  return warnings.map((warning) => {
    const { code, message } = (typeof warning === "object" && warning !== null ? warning : {}) as Record<
      string,
      unknown
    >;
    return String(message ?? code ?? warning);
  });
}

/** Prints each stage of a job as it finishes, and returns the finished job. */
export async function followJob(
  api: ApiClient,
  terminal: Terminal,
  jobId: string,
  signal: AbortSignal,
): Promise<VerboseJob> {
  const { colour, say } = terminal;
  const shown = new Set<string>();
  for (;;) {
    const { body: job } = await api.get<VerboseJob>(`/api/v1/jobs/${jobId}?verbose=true`);
    for (const stage of job.stages) {
      if (shown.has(stage.stage)) continue;
      shown.add(stage.stage);
      const place = colour.dim(`${shown.size}/${job.stage_count}`);
      say(
        `  ${colour.green("✔")} ${place} ${stage.stage.padEnd(14)} ${String(Math.round(stage.duration_ms)).padStart(6)} ms`,
      );
      for (const warning of warningsOf(stage.warnings)) say(`      ${colour.yellow(`note: ${warning}`)}`);
    }
    if (isTerminal(job.status)) return job;
    await pause(POLL_MS, undefined, { signal });
  }
}
