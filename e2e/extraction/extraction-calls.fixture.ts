import { until } from "@millrace/testing";
import { expect } from "vitest";
import type { Cluster } from "../processes/cluster.ts";

export type Named = readonly [name: string, bytes: Buffer];

/** The form that uploads a batch. */
export function batch(files: readonly Named[], fields: Record<string, string> = {}): FormData {
  const form = new FormData();
  for (const [key, value] of Object.entries(fields)) form.set(key, value);
  for (const [name, bytes] of files) form.append("files", new Blob([new Uint8Array(bytes)]), name);
  return form;
}

/** What callers of the extraction API do. */
export function extractionCalls(cluster: Cluster) {
  // biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field by the tests
  type Answer = any;
  const find = async (id: string): Promise<Answer> => (await cluster.call("GET", `/extraction/jobs/${id}`)).body;

  /** Uploads a file and returns the extraction's id. */
  async function upload(name: string, bytes: Buffer, fields: Record<string, string> = {}): Promise<string> {
    const form = new FormData();
    for (const [key, value] of Object.entries(fields)) form.set(key, value);
    form.set("file", new Blob([new Uint8Array(bytes)]), name);
    const { status, body } = await cluster.call("POST", "/extraction/upload", form);
    expect(status, JSON.stringify(body)).toBe(202);
    return body.id;
  }

  async function submit(draft: Record<string, unknown>): Promise<string> {
    const { status, body } = await cluster.call("POST", "/extraction/jobs", draft);
    expect(status, JSON.stringify(body)).toBe(202);
    return body.id;
  }

  async function submitBulk(form: FormData): Promise<string> {
    const { status, body } = await cluster.call("POST", "/extraction/bulk", form);
    expect(status, JSON.stringify(body)).toBe(202);
    return body.id;
  }

  const waitFor = (what: string, look: () => Promise<Answer>, statuses: readonly string[], timeoutMs = 180_000) =>
    until(
      async () => {
        const found = await look();
        return statuses.includes(found.status) ? found : undefined;
      },
      {
        timeoutMs,
        everyMs: 100,
        message: () => `${what} to be ${statuses.join(" or ")}\n${cluster.output().slice(-3_000)}`,
      },
    );

  const findBulk = async (id: string): Promise<Answer> => (await cluster.call("GET", `/extraction/bulk/${id}`)).body;
  return {
    upload,
    submit,
    submitBulk,
    find,
    findBulk,
    reaches: (id: string, ...statuses: string[]) => waitFor(`extraction ${id}`, () => find(id), statuses),
    bulkReaches: (id: string, ...statuses: string[]) => waitFor(`batch ${id}`, () => findBulk(id), statuses),
    /** Until its try has failed and the next one is due later. */
    waits: (id: string, tries = 1) =>
      until(
        async () => {
          const found = await find(id);
          return found.status === "pending" && found.next_retry_at !== null && found.retry_count === tries
            ? found
            : undefined;
        },
        {
          timeoutMs: 180_000,
          everyMs: 100,
          message: () => `extraction ${id} to wait\n${cluster.output().slice(-3_000)}`,
        },
      ),
    /** Retries are half a minute away and more: now they are due. */
    async hurry(): Promise<void> {
      await cluster.sql`update pipeline_jobs set next_retry_at = now() where status = 'pending' and next_retry_at > now()`;
    },
  };
}

export type ExtractionCalls = ReturnType<typeof extractionCalls>;
