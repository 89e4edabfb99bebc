import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { createTaskStore, type TaskStore } from "@millrace/db";
import { type Board, type BoardColumn, boardsOf, examineBoard, SYNC_ASKED } from "@millrace/pipelines";
import {
  type CredentialBox,
  CredentialError,
  createNotion,
  createOutboundFetch,
  type NotionPage,
} from "@millrace/providers";
import type { CliConfig } from "../config.ts";
import { boxOrThrow, credentialBoxOf } from "../credentials/credential-box.ts";
import type { Terminal } from "../terminal.ts";
import { connectForCli, withDatabaseUrl } from "../with-database.ts";

const USER_AGENT = "Millrace/0.1";
const SYNC_LIMIT_MS = 300_000;
const LOOK_EVERY_MS = 500;
/** As an endpoint keeps them. */
const HANDSHAKE = "verification_token";
const TOKENS_SHOWN = 5;

function withTasks<T>(config: CliConfig, terminal: Terminal, use: (tasks: TaskStore) => Promise<T>): Promise<T> {
  return withDatabaseUrl(config, terminal, async (url) => {
    const db = connectForCli(url);
    try {
      return await use(createTaskStore(db));
    } finally {
      await db.close();
    }
  });
}

/** Resolves with whether every board can be worked on. */
export function checkNotion(config: CliConfig, terminal: Terminal): Promise<boolean> {
  return withTasks(config, terminal, async (tasks) => {
    const boards = boardsOf(await tasks.listVideoChannels(null));
    if (boards.length === 0) terminal.say("No channel names a database of Notion.");
    let areFit = true;
    for (const board of boards) {
      const problems = await problemsOf(board, config, tasks);
      const names = board.channels.map(({ channelId }) => channelId).join(", ");
      terminal.say(`${board.databaseId}  ${names}  ${problems.length === 0 ? "ok" : ""}`.trimEnd());
      for (const problem of problems) terminal.say(`  ${problem}`);
      areFit &&= problems.length === 0;
    }
    return areFit;
  });
}

async function problemsOf(board: Board, config: CliConfig, tasks: TaskStore): Promise<readonly string[]> {
  try {
    const token = await tokenOf(board, config, tasks);
    if (token === undefined) return ["no token: set NOTION_API_TOKEN, or a channel's notion_token"];
    const fetch = createOutboundFetch({ userAgent: USER_AGENT, allowLoopback: config.ALLOW_LOOPBACK ?? false });
    const baseUrl = config.NOTION_BASE_URL;
    const notion = createNotion({ fetch, token, ...(baseUrl !== undefined && { baseUrl }) });
    let first: NotionPage | undefined;
    for await (const page of notion.pagesOf(board.databaseId)) {
      first = page;
      break;
    }
    if (first === undefined) return ["no page yet, so its columns are not known: make one and check again"];
    return examineBoard(first).flatMap(columnProblem);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

function columnProblem({ name, kind, fits, isRequired }: BoardColumn): readonly string[] {
  if (kind === null) return isRequired ? [`column ${name} is missing`] : [];
  return fits.includes(kind) ? [] : [`column ${name} is of kind ${kind} instead of ${fits.join(" or ")}`];
}

/** As the workers choose it. */
async function tokenOf(board: Board, config: CliConfig, tasks: TaskStore): Promise<string | undefined> {
  const box = credentialBoxOf(config.CREDENTIAL_KEYS);
  for (const { id } of board.channels) {
    const sealed = await tasks.findCredential(id, "notion_token");
    if (sealed !== undefined) return opened(box, id, sealed);
  }
  return config.NOTION_API_TOKEN;
}

function opened(box: CredentialBox | undefined, channelId: string, sealed: string): string {
  if (box === undefined)
    throw new CredentialError("key_unknown", "a notion_token is sealed, and CREDENTIAL_KEYS is not set");
  return box.open({ channelId, name: "notion_token" }, sealed);
}

/** Resolves with whether the leader has read every board without a problem. */
export function syncNotion(config: CliConfig, terminal: Terminal, limitMs = SYNC_LIMIT_MS): Promise<boolean> {
  return withTasks(config, terminal, async (tasks) => {
    const eventId = `${SYNC_ASKED} ${randomUUID()}`;
    await tasks.keepNotionEvent({ eventId, type: SYNC_ASKED, pageId: null, payload: {} });
    const until = performance.now() + limitMs;
    while (performance.now() < until) {
      const asked = (await tasks.latestNotionEvents(SYNC_ASKED, 100)).find((event) => event.eventId === eventId);
      if (asked?.handledAt) {
        terminal.say(asked.error ?? "Every board is in step.");
        return asked.error === null;
      }
      await pause(LOOK_EVERY_MS);
    }
    terminal.warn("No leading worker has read the boards yet; it will as soon as there is one.");
    return false;
  });
}

/** What Notion asks for when somebody makes a subscription. Resolves with whether there is one. */
export function showNotionTokens(config: CliConfig, terminal: Terminal): Promise<boolean> {
  const box = boxOrThrow(config.CREDENTIAL_KEYS);
  return withTasks(config, terminal, async (tasks) => {
    const kept = await tasks.latestNotionEvents(HANDSHAKE, TOKENS_SHOWN);
    for (const { receivedAt, payload } of kept) {
      const { sealed } = payload as { readonly sealed: string };
      terminal.say(`${receivedAt.toISOString()}  ${box.open({ channelId: "notion", name: HANDSHAKE }, sealed)}`);
    }
    if (kept.length > 0) terminal.warn("Paste the newest into Notion, and set NOTION_WEBHOOK_SECRET to it.");
    else terminal.warn("Notion has sent none: make a subscription to …/api/v1/webhooks/notion, without a secret set.");
    return kept.length > 0;
  });
}
