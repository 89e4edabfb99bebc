import { notionId } from "@millrace/core";
import { z } from "zod";

/** One property of a page: its kind as Notion calls it (`title`, `rich_text`, `select`, `status`, `url` …) and its text. */
export interface NotionProperty {
  readonly kind: string;
  /** Without styles; the label of a select or status. Null where it is empty or of a kind that has no text. */
  readonly text: string | null;
}

export interface NotionPage {
  /** 32 hex digits. */
  readonly id: string;
  readonly lastEditedAt: string;
  /** Who wrote it last, a person or an integration: Notion's id of them, 32 hex digits. */
  readonly lastEditedBy: string | null;
  /** Of the database it stands in, 32 hex digits; null elsewhere. */
  readonly databaseId: string | null;
  /** In the trash or archived. */
  readonly isGone: boolean;
  readonly properties: Readonly<Record<string, NotionProperty>>;
}

/** A value to write; null empties it. The kind is the page's. */
export interface NotionChange {
  readonly property: string;
  readonly kind: string;
  readonly text: string | null;
}

/** Notion's limits of one rich text: characters of an element, elements of a property. */
const MAX_ELEMENT_LENGTH = 2_000;
const MAX_ELEMENTS = 100;

const pieces = z.array(z.object({ plain_text: z.string() }));
const option = z.object({ name: z.string() }).nullable();
const property = z.looseObject({
  type: z.string(),
  title: pieces.optional(),
  rich_text: pieces.optional(),
  select: option.optional(),
  status: option.optional(),
  url: z.string().nullish(),
});
const page = z.looseObject({
  object: z.literal("page"),
  id: z.string(),
  last_edited_time: z.string(),
  last_edited_by: z.looseObject({ id: z.string() }).optional().catch(undefined),
  parent: z.looseObject({ database_id: z.string() }).optional().catch(undefined),
  archived: z.boolean().optional(),
  in_trash: z.boolean().optional(),
  properties: z.record(z.string(), z.unknown()),
});

/** Undefined where the answer is no page. */
export function notionPageOf(answer: unknown): NotionPage | undefined {
  const read = page.safeParse(answer);
  const id = notionId(read.data?.id ?? "");
  if (!read.success || id === undefined) return undefined;
  const { last_edited_time: lastEditedAt, last_edited_by, parent, archived, in_trash, properties } = read.data;
  return {
    id,
    lastEditedAt,
    lastEditedBy: notionId(last_edited_by?.id ?? "") ?? null,
    databaseId: notionId(parent?.database_id ?? "") ?? null,
    isGone: archived === true || in_trash === true,
    properties: Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, propertyOf(value)])),
  };
}

function propertyOf(value: unknown): NotionProperty {
  const read = property.safeParse(value);
  if (!read.success) return { kind: "unknown", text: null };
  const { type: kind, title, rich_text, select, status, url } = read.data;
  switch (kind) {
    case "title":
      return { kind, text: joined(title) };
    case "rich_text":
      return { kind, text: joined(rich_text) };
    case "select":
      return { kind, text: select?.name ?? null };
    case "status":
      return { kind, text: status?.name ?? null };
    case "url":
      return { kind, text: url ?? null };
    default:
      return { kind, text: null };
  }
}

function joined(texts: z.infer<typeof pieces> = []): string | null {
  return texts.map(({ plain_text }) => plain_text).join("") || null;
}

/** The body Notion takes for a value; undefined for kinds that are not written. */
export function notionValueOf({ kind, text }: NotionChange): Record<string, unknown> | undefined {
  switch (kind) {
    case "title":
    case "rich_text":
      return { [kind]: elementsOf(text ?? "").map((content) => ({ type: "text", text: { content } })) };
    case "select":
    case "status":
      return { [kind]: text === null ? null : { name: text } };
    case "url":
      return { url: text };
    default:
      return undefined;
  }
}

/** Elements of legal length that never split a character; what is beyond the last one is left out. */
function elementsOf(text: string): string[] {
  const elements: string[] = [];
  for (let at = 0; at < text.length && elements.length < MAX_ELEMENTS; ) {
    const end = at + MAX_ELEMENT_LENGTH;
    const splits = end < text.length && /[\uD800-\uDBFF]/.test(text.charAt(end - 1));
    const element = text.slice(at, splits ? end - 1 : end);
    elements.push(element);
    at += element.length;
  }
  return elements;
}
