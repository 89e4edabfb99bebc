import { setTimeout as delay } from "node:timers/promises";
import { type Clock, MillraceError, notionId, systemClock } from "@millrace/core";
import { APIResponseError, Client, LogLevel, UnknownHTTPResponseError } from "@notionhq/client";
import { z } from "zod";
import { createMediaDoor, type MediaDoor } from "../media/remote/media-door.ts";
import type { OutboundFetch } from "../outbound/outbound-fetch.ts";
import { type NotionChange, type NotionPage, notionPageOf, notionValueOf } from "./notion-page.ts";
import { createRequestLimiter, type RequestLimiter, type Wait } from "./request-limiter.ts";

export interface NotionOptions {
  readonly fetch: OutboundFetch;
  readonly token: string;
  /** Shared by everything in this process that uses the token. */
  readonly limiter?: RequestLimiter;
  readonly baseUrl?: string;
  /** Of one exchange; 30 s. */
  readonly timeoutMs?: number;
  /** Ends waits and requests when the process stops. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly wait?: Wait;
}

/**
 * Pages of Notion databases. Ids are taken with and without dashes.
 * Errors: MEDIA_PROVIDER_FAILED, MEDIA_RATE_LIMITED, MEDIA_ANSWER_INVALID after three tries; MEDIA_REFUSED at once.
 */
export interface Notion {
  /** All pages of a database, up to 100 for each request; `editedSince` (ISO 8601) leaves out older ones. */
  pagesOf(databaseId: string, more?: { readonly editedSince?: string }): AsyncGenerator<NotionPage>;
  page(pageId: string): Promise<NotionPage>;
  /** Writes these properties and no others; the page as it is then. */
  update(pageId: string, changes: readonly NotionChange[]): Promise<NotionPage>;
}

/** Notion's own limit is an average of three requests a second. */
const NOTION_REQUESTS_PER_SECOND = 3;

const TRIES = 3;
const FIRST_WAIT_MS = 1_000;
/** Who is asked to wait longer is told so instead of being kept. */
const MAX_WAIT_MS = 60_000;
const TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 20_000_000;
const PAGE_SIZE = 100;
/** A full database is 10 000 pages; a cursor that never ends is not followed for ever. */
const MAX_REQUESTS_OF_A_QUERY = 1_000;

const database = z.looseObject({ data_sources: z.array(z.looseObject({ id: z.string() })) });
const list = z.looseObject({
  results: z.array(z.unknown()),
  has_more: z.boolean(),
  next_cursor: z.string().nullable(),
});

const waitForReal: Wait = async (ms, signal) => {
  await delay(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    if (!signal?.aborted) throw error;
  });
};

export function createNotionLimiter({
  clock = systemClock,
  wait = waitForReal,
}: {
  readonly clock?: Clock;
  readonly wait?: Wait;
} = {}): RequestLimiter {
  return createRequestLimiter({ perSecond: NOTION_REQUESTS_PER_SECOND, clock, wait });
}

export function createNotion(options: NotionOptions): Notion {
  const { fetch, token, signal, clock = systemClock, wait = waitForReal } = options;
  const limiter = options.limiter ?? createNotionLimiter({ clock, wait });
  const door = createMediaDoor({ provider: "notion", fetch, secrets: [token], clock });
  const client = openClient(door, options);
  const ask = <T>(call: () => Promise<T>): Promise<T> => askPatiently(call, { door, limiter, wait, signal });
  const idOf = (written: string): string => {
    const id = notionId(written);
    if (id === undefined) throw door.refused("ids are 32 hex digits, with or without dashes");
    return id;
  };
  const pageOf = (answer: unknown): NotionPage => {
    const page = notionPageOf(answer);
    if (page === undefined) throw door.invalid("described a page in an unknown shape");
    return page;
  };

  async function* pagesOfSource(id: string, editedSince: string | undefined): AsyncGenerator<NotionPage> {
    let cursor: string | undefined;
    for (let request = 0; request < MAX_REQUESTS_OF_A_QUERY; request++) {
      const from = cursor === undefined ? {} : { start_cursor: cursor };
      const answer = await ask(async () =>
        shaped(
          list,
          await client.dataSources.query({
            data_source_id: id,
            page_size: PAGE_SIZE,
            ...from,
            ...filterOf(editedSince),
          }),
          door,
        ),
      );
      for (const result of answer.results) {
        const page = notionPageOf(result);
        // Data sources inside a data source, and pages this token may not read, come without properties.
        if (page !== undefined) yield page;
      }
      if (!answer.has_more || answer.next_cursor === null) return;
      cursor = answer.next_cursor;
    }
    throw door.invalid("lists pages without an end");
  }

  return {
    async *pagesOf(databaseId, { editedSince } = {}) {
      const id = idOf(databaseId);
      const { data_sources: sources } = await ask(async () =>
        shaped(database, await client.databases.retrieve({ database_id: id }), door),
      );
      for (const source of sources) yield* pagesOfSource(source.id, editedSince);
    },

    async page(pageId) {
      const page_id = idOf(pageId);
      return ask(async () => pageOf(await client.pages.retrieve({ page_id })));
    },

    async update(pageId, changes) {
      const page_id = idOf(pageId);
      const written = changes.map((change) => [change.property, notionValueOf(change)] as const);
      const strange = written.find(([, value]) => value === undefined);
      if (strange !== undefined) throw door.refused(`property ${strange[0]} is of a kind that is not written`);
      const properties = Object.fromEntries(written) as NonNullable<
        Parameters<typeof client.pages.update>[0]["properties"]
      >;
      // Setting values is setting them once: a try whose answer was lost may be made again.
      return ask(async () => pageOf(await client.pages.update({ page_id, properties })));
    },
  };
}

function filterOf(editedSince: string | undefined) {
  if (editedSince === undefined) return {};
  return {
    filter: { timestamp: "last_edited_time" as const, last_edited_time: { on_or_after: editedSince } },
  };
}

function shaped<T>(shape: z.ZodType<T>, answer: unknown, door: MediaDoor): T {
  const read = shape.safeParse(answer);
  if (!read.success) throw door.invalid("answered in an unknown shape");
  return read.data;
}

/** The vendor's client does the addresses and shapes; time, retries and the way out are ours. */
function openClient(door: MediaDoor, options: NotionOptions): Client {
  const { token, timeoutMs = TIMEOUT_MS, signal } = options;
  return new Client({
    auth: token,
    ...(options.baseUrl === undefined ? {} : { baseUrl: options.baseUrl }),
    retry: false,
    logLevel: LogLevel.ERROR,
    logger: () => {},
    // Ours ends first and also covers the body.
    timeoutMs: timeoutMs * 2,
    async fetch(url, { method = "GET", headers = {}, body } = {}) {
      const response = await door.send(url, {
        method: method as "GET" | "POST" | "PATCH",
        headers,
        ...(typeof body === "string" ? { body } : {}),
        ...(signal === undefined ? {} : { signal }),
        timeoutMs,
        maxBytes: MAX_ANSWER_BYTES,
        maxRedirects: 0,
      });
      const text = Buffer.from(response.body).toString("utf8");
      const { status } = response;
      return { ok: status >= 200 && status < 300, status, headers: response.headers, text: async () => text };
    },
  });
}

interface Asking {
  readonly door: MediaDoor;
  readonly limiter: RequestLimiter;
  readonly wait: Wait;
  readonly signal: AbortSignal | undefined;
}

async function askPatiently<T>(call: () => Promise<T>, { door, limiter, wait, signal }: Asking): Promise<T> {
  for (let tried = 1; ; tried++) {
    const pausedMs = limiter.pausedMs();
    if (pausedMs > MAX_WAIT_MS) throw door.limited("asks for patience, and still does", pausedMs);
    await limiter.enter(signal);
    try {
      return await call();
    } catch (thrown) {
      signal?.throwIfAborted();
      const error = named(thrown, door);
      const { code, retry, retryAfterMs } = error;
      // A 429 is about the account: everybody waits.
      if (code === "MEDIA_RATE_LIMITED") limiter.pause(retryAfterMs ?? 0);
      if (retry === "never" || tried === TRIES || (retryAfterMs ?? 0) > MAX_WAIT_MS) throw error;
      if (code !== "MEDIA_RATE_LIMITED") await wait(retryAfterMs ?? FIRST_WAIT_MS * 2 ** (tried - 1), signal);
    }
  }
}

function named(thrown: unknown, door: MediaDoor): MillraceError {
  if (thrown instanceof MillraceError) return thrown;
  if (APIResponseError.isAPIResponseError(thrown) || UnknownHTTPResponseError.isUnknownHTTPResponseError(thrown)) {
    const { status, message } = thrown;
    const words = APIResponseError.isAPIResponseError(thrown) ? message : "";
    return door.errorOf({ status, headers: thrown.headers as Record<string, string> }, words);
  }
  if (thrown instanceof SyntaxError) return door.invalid("did not answer with JSON");
  return door.refused(thrown instanceof Error ? thrown.message : String(thrown));
}
