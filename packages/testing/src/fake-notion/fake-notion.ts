import { randomUUID } from "node:crypto";
import { type FakeProvider, type ProviderExchange, startFakeProvider } from "../fake-media/fake-provider.ts";

/** A property as Notion sends it: `{ type: "select", select: { name: "Queued" } }`. */
export type FakeNotionProperty = { readonly type: string } & Readonly<Record<string, unknown>>;

export interface FakeNotionPage {
  /** With dashes, as Notion writes it. */
  readonly id: string;
  editedAt: string;
  /** Id of a person or, after a write, of the integration. */
  editedBy: string;
  isGone: boolean;
  readonly properties: Record<string, FakeNotionProperty>;
}

export interface FakeNotion extends FakeProvider {
  readonly token: string;
  readonly databaseId: string;
  /** In the order a query lists them. */
  readonly pages: readonly FakeNotionPage[];
  addPage(properties: Record<string, FakeNotionProperty>): FakeNotionPage;
}

export interface FakeNotionOptions {
  /** Of one answer to a query, whatever was asked for. */
  readonly maxPageSize?: number;
}

interface Options {
  readonly title?: string;
  readonly texts?: Readonly<Record<string, string>>;
  readonly selects?: Readonly<Record<string, string | null>>;
  readonly urls?: Readonly<Record<string, string | null>>;
}

const richText = (text: string): object[] =>
  text === "" ? [] : [{ type: "text", text: { content: text }, plain_text: text, annotations: { bold: false } }];

/** Properties of a page in Notion's shapes, by name. */
export function notionProperties({
  title,
  texts = {},
  selects = {},
  urls = {},
}: Options): Record<string, FakeNotionProperty> {
  const shaped = <T>(values: Readonly<Record<string, T>>, shape: (value: T) => FakeNotionProperty) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, shape(value)]));
  return {
    ...(title === undefined ? {} : { Title: { type: "title", title: richText(title) } }),
    ...shaped(texts, (text) => ({ type: "rich_text", rich_text: richText(text) })),
    ...shaped(selects, (name) => ({ type: "select", select: name === null ? null : { name } })),
    ...shaped(urls, (url) => ({ type: "url", url })),
  };
}

/** Notion's API of databases, data sources and pages, in its version 2025-09-03, at `url`. */
export async function startFakeNotion({ maxPageSize = 100 }: FakeNotionOptions = {}): Promise<FakeNotion> {
  const token = "ntn_test-token-0123456789";
  const databaseId = randomUUID();
  const sourceId = randomUUID();
  const integrationId = randomUUID();
  const pages: FakeNotionPage[] = [];

  const fake = await startFakeProvider(async (exchange) => {
    const body = (await exchange.readBody()).toString();
    const { path, method, headers } = exchange;
    if (headers["authorization"] !== `Bearer ${token}`) return refuse(exchange, 401, "unauthorized");
    if (headers["notion-version"] !== "2025-09-03") return refuse(exchange, 400, "missing_version");
    const [, kind, id = "", act] = path.slice("/v1".length).split("/");
    const asked = body === "" ? {} : (JSON.parse(body) as Record<string, unknown>);
    switch (`${method} ${kind}${act === undefined ? "" : `/${act}`}`) {
      case "GET databases":
        if (!isSame(id, databaseId)) break;
        return exchange.sendJson(200, { object: "database", id, data_sources: [{ id: sourceId, name: "Videos" }] });
      case "POST data_sources/query":
        if (!isSame(id, sourceId)) break;
        return exchange.sendJson(200, listOf(asked));
      case "GET pages":
      case "PATCH pages": {
        const page = pages.find((known) => isSame(known.id, id));
        if (page === undefined) break;
        const problem = method === "PATCH" ? write(page, asked["properties"]) : undefined;
        if (method === "PATCH" && problem === undefined) page.editedBy = integrationId;
        if (problem !== undefined) return refuse(exchange, 400, "validation_error", problem);
        return exchange.sendJson(200, describe(page, databaseId));
      }
    }
    refuse(exchange, 404, "object_not_found");
  });

  function listOf({ start_cursor, page_size, filter }: Record<string, unknown>): object {
    const since = (filter as { last_edited_time?: { on_or_after?: string } } | undefined)?.last_edited_time
      ?.on_or_after;
    const listed = pages.filter(({ editedAt, isGone }) => !isGone && (since === undefined || editedAt >= since));
    const start = Number(start_cursor ?? 0);
    const end = start + Math.min(Number(page_size ?? 100), maxPageSize);
    const has_more = end < listed.length;
    const results = listed.slice(start, end).map((page) => describe(page, databaseId));
    return {
      object: "list",
      results,
      has_more,
      next_cursor: has_more ? String(end) : null,
      type: "page_or_data_source",
    };
  }

  return {
    ...fake,
    token,
    databaseId,
    pages,
    addPage(properties) {
      const page: FakeNotionPage = {
        id: randomUUID(),
        editedAt: "2026-01-01T00:00:00.000Z",
        editedBy: randomUUID(),
        isGone: false,
        properties: { ...properties },
      };
      pages.push(page);
      return page;
    },
  };
}

const isSame = (a: string, b: string): boolean => a.replaceAll("-", "") === b.replaceAll("-", "");

function refuse({ sendJson }: ProviderExchange, status: number, code: string, message = `no: ${code}`): void {
  sendJson(status, { object: "error", status, code, message, request_id: randomUUID() });
}

function describe({ id, editedAt, editedBy, isGone, properties }: FakeNotionPage, databaseId: string): object {
  return {
    object: "page",
    id,
    last_edited_time: editedAt,
    last_edited_by: { object: "user", id: editedBy },
    parent: { type: "data_source_id", database_id: databaseId },
    archived: isGone,
    in_trash: isGone,
    properties,
  };
}

/** What is wrong with the request; nothing is written then. */
function write(page: FakeNotionPage, changes: unknown): string | undefined {
  const written: Record<string, FakeNotionProperty> = {};
  for (const [name, value] of Object.entries((changes ?? {}) as Record<string, Record<string, unknown>>)) {
    const type = page.properties[name]?.type;
    if (type === undefined) return `${name} is not a property that exists.`;
    if (!(type in value)) return `${name} is expected to be ${type}.`;
    const elements = value[type];
    if (!Array.isArray(elements)) {
      written[name] = { type, [type]: elements };
      continue;
    }
    const texts = elements.map((element: { text: { content: string } }) => element.text.content);
    if (texts.length > 100) return `${name}.length should be ≤ \`100\`.`;
    if (texts.some(({ length }) => length > 2_000)) return `${name}.text.content.length should be ≤ \`2000\`.`;
    written[name] = { type, [type]: texts.flatMap(richText) };
  }
  Object.assign(page.properties, written);
  return undefined;
}
