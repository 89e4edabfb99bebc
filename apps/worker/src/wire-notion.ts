import { type JobStore, type Log, type Registry, specRegistryOf, systemClock, type TicketQueue } from "@millrace/core";
import { newId, type TaskStore } from "@millrace/db";
import { type Chore, createCancel, createSubmit } from "@millrace/engine";
import { createBoardSync, createTaskActions } from "@millrace/pipelines";
import { createNotion, createOutboundFetch, type Notion } from "@millrace/providers";
import type { WorkerConfig } from "./config.ts";
import { notionChore } from "./notion-chore.ts";
import type { OpenCredential } from "./open-credentials.ts";

const USER_AGENT = "Millrace/0.1";

export interface NotionNeeds {
  readonly tasks: TaskStore;
  readonly store: JobStore;
  readonly queue: TicketQueue;
  readonly registry: Registry;
  readonly credential: OpenCredential;
  readonly log: Log;
}

type Settings = Pick<
  WorkerConfig,
  "NOTION_API_TOKEN" | "NOTION_BASE_URL" | "NOTION_SYNC_INTERVAL_SECONDS" | "ALLOW_LOOPBACK"
>;

/** Boards speak with their channel's own token, else with the common one; each token has one limiter. */
export function wireNotion(config: Settings, needs: NotionNeeds): Chore {
  const { tasks, store, queue, log } = needs;
  const specs = specRegistryOf(needs.registry.pipelines.map(({ spec }) => spec));
  const actions = createTaskActions({
    tasks,
    jobs: store,
    submit: createSubmit({ store, queue, specs, log, clock: systemClock, newId }),
    cancel: createCancel({ store, queue, log }),
  });
  const fetch = createOutboundFetch({ userAgent: USER_AGENT, allowLoopback: config.ALLOW_LOOPBACK });
  return notionChore((signal) => {
    const clients = new Map<string, Notion>();
    const clientOf = (token: string): Notion => {
      const known = clients.get(token);
      if (known !== undefined) return known;
      const baseUrl = config.NOTION_BASE_URL;
      const client = createNotion({ fetch, token, signal, ...(baseUrl !== undefined && { baseUrl }) });
      clients.set(token, client);
      return client;
    };
    return createBoardSync({
      tasks,
      boards: tasks,
      actions,
      async notionOf({ channels }) {
        for (const { id } of channels) {
          const own = await needs.credential(id, "notion_token");
          if (own !== null) return clientOf(own);
        }
        return config.NOTION_API_TOKEN === undefined ? null : clientOf(config.NOTION_API_TOKEN);
      },
      pullEveryMs: config.NOTION_SYNC_INTERVAL_SECONDS * 1_000,
      clock: systemClock,
      log,
    });
  });
}
