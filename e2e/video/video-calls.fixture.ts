import { until } from "@millrace/testing";
import { expect } from "vitest";
import type { Cluster } from "../processes/cluster.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field by the tests
type Answer = any;
export type Gate = "assets" | "video" | "audio" | "final";

/** Small enough for a test, with everything a big one has. */
export const SMALL = {
  LEASE_MS: "3000",
  VIDEO_FRAME: "320x180",
  LANES: "io:2,media:1",
  MAX_CONCURRENT_VIDEO_GEN: "1",
};

/** A worker's line about a unit it has made. */
export interface MadeLine {
  readonly task_id: string;
  readonly step: string;
  readonly unit: string;
  readonly take: number;
}

/** What people who make videos do. */
export function videoCalls(cluster: Cluster) {
  const ok = (answer: { status: number; body: Answer }, status: number): Answer => {
    expect(answer.status, JSON.stringify(answer.body)).toBe(status);
    return answer.body;
  };
  const find = async (id: string): Promise<Answer> => ok(await cluster.call("GET", `/tasks/${id}`), 200);

  async function putChannel(channelId: string, fields: Record<string, unknown> = {}): Promise<string> {
    const body = {
      channel_name: channelId,
      notion_database_id: null,
      scale: { assets: 3, clips: 3, seconds: 3 },
      ...fields,
    };
    return ok(await cluster.call("PUT", `/video/channels/${channelId}`, body), 200).id;
  }

  async function plan(channelId: string, fields: Record<string, unknown> = {}): Promise<string> {
    const body = {
      channel_id: channelId,
      title: "How bees find their way",
      topic: "bees",
      story_direction: "From the hive to the meadow and back.",
      ...fields,
    };
    return ok(await cluster.call("POST", "/tasks", body), 201).id;
  }

  const lines = (): Answer[] =>
    cluster
      .output()
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .flatMap((line) => {
        try {
          return [JSON.parse(line)];
        } catch {
          // cut off by a kill
          return [];
        }
      });

  const statuses = async (id: string): Promise<string[]> =>
    (ok(await cluster.call("GET", `/tasks/${id}/transitions`), 200).transitions as { to: string }[]).map(
      ({ to }) => to,
    );

  return {
    find,
    putChannel,
    plan,
    statuses,
    queue: async (id: string): Promise<Answer> => ok(await cluster.call("POST", `/tasks/${id}/queue`, undefined), 202),
    cancel: async (id: string): Promise<Answer> => ok(await cluster.call("POST", `/tasks/${id}/cancel`, {}), 202),
    review: async (id: string, gate: Gate, decision: Record<string, unknown>): Promise<Answer> =>
      ok(await cluster.call("POST", `/tasks/${id}/reviews/${gate}`, decision), 200),
    patch: async (id: string, change: Record<string, unknown>): Promise<Answer> =>
      ok(await cluster.call("PATCH", `/tasks/${id}`, change), 200),
    units: async (id: string): Promise<Answer[]> => ok(await cluster.call("GET", `/tasks/${id}/units`), 200).units,

    reaches: (id: string, ...wanted: string[]): Promise<Answer> =>
      until(
        async () => {
          const task = await find(id);
          return wanted.includes(task.status) ? task : undefined;
        },
        {
          timeoutMs: 240_000,
          everyMs: 50,
          message: () => `task ${id} to be ${wanted.join(" or ")}\n${cluster.output().slice(-4_000)}`,
        },
      ),

    /** Every unit that a worker of this cluster has made, in order. */
    made: (taskId: string): MadeLine[] => lines().filter((line) => line.msg === "unit made" && line.task_id === taskId),

    /** Names of tasks in the order in which workers claimed them. */
    async claimed(titles: ReadonlyMap<string, string>): Promise<string[]> {
      const rows = await cluster.sql<{ task_id: string }[]>`
        select task_id from task_transitions where to_status = 'claimed' order by id`;
      return rows.map(({ task_id }) => titles.get(task_id) ?? task_id);
    },
  };
}

export type VideoCalls = ReturnType<typeof videoCalls>;
