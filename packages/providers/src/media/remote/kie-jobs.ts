import { MillraceError } from "@millrace/core";
import { z } from "zod";
import { kieDataOf } from "./kie-answer.ts";
import type { MediaDoor } from "./media-door.ts";

export interface KieJobsOptions {
  readonly door: MediaDoor;
  readonly apiKey: string;
  readonly baseUrl: string;
  /** Of one exchange. */
  readonly timeoutMs: number;
}

export interface KieJobs {
  /** The id of a new task, which is paid for from now on. */
  order(model: string, input: Readonly<Record<string, string>>, signal: AbortSignal): Promise<string>;
  look(taskId: string, signal: AbortSignal): Promise<KieRecord | "unknown">;
}

export type KieRecord = z.infer<typeof record>;

const MAX_ANSWER_BYTES = 1_000_000;

const created = z.object({ taskId: z.string().min(1) });
const record = z.object({
  state: z.string(),
  resultJson: z.string().nullish(),
  failCode: z.union([z.string(), z.number()]).nullish(),
  failMsg: z.string().nullish(),
  progress: z.number().nullish(),
});

/** The two endpoints every model at KIE.ai shares. */
export function createKieJobs({ door, apiKey, baseUrl, timeoutMs }: KieJobsOptions): KieJobs {
  const authorization = `Bearer ${apiKey}`;
  const limits = { timeoutMs, maxBytes: MAX_ANSWER_BYTES };
  return {
    async order(model, input, signal) {
      const headers = { authorization, "content-type": "application/json" };
      const body = JSON.stringify({ model, input });
      const url = `${baseUrl}/api/v1/jobs/createTask`;
      const response = await door.send(url, { method: "POST", headers, body, signal, ...limits });
      const read = created.safeParse(kieDataOf(door, response));
      if (!read.success) throw door.invalid("took the order and named no task");
      return read.data.taskId;
    },

    async look(taskId, signal) {
      const url = `${baseUrl}/api/v1/jobs/recordInfo?taskId=${encodeURIComponent(taskId)}`;
      const response = await door.send(url, { headers: { authorization }, signal, ...limits });
      const data = unlessUnknown(() => kieDataOf(door, response));
      if (data === "unknown") return data;
      const read = record.safeParse(data);
      if (!read.success) throw door.invalid("described a task in an unknown shape");
      return read.data;
    },
  };
}

/** A task that is not there is told in three ways: 404, 422 "recordInfo is null", and no data. */
function unlessUnknown(read: () => unknown): unknown {
  try {
    return read() ?? "unknown";
  } catch (error) {
    const status = error instanceof MillraceError ? error.details["status"] : undefined;
    const isUnknown = status === 404 || (status === 422 && /null|not found|not exist/i.test(String(error)));
    if (isUnknown) return "unknown";
    throw error;
  }
}
