import type { Body } from "../api-client.ts";

export type ContentDetail = Body<"readContent">;

const MAX_SLUG = 60;

/** `2026-03-01-durable-queues-0123456789ab.md`: day of arrival, title, the random end of the id. The same for ever while the title stays. */
export function fileNameOf({
  content_id,
  created_at,
  title,
}: Pick<ContentDetail, "content_id" | "created_at" | "title">): string {
  const slug = (title ?? "")
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_SLUG)
    .replace(/^-+|-+$/g, "");
  return `${created_at.slice(0, 10)}-${slug === "" ? "untitled" : slug}-${idEndOf(content_id)}.md`;
}

export const idEndOf = (contentId: string): string => contentId.slice(-12);

/** The id's end in the name of a file that an export wrote; undefined for any other file. */
export function idEndIn(fileName: string): string | undefined {
  return /^\d{4}-\d{2}-\d{2}-[a-z0-9-]+-([0-9a-f]{12})\.md$/.exec(fileName)?.[1];
}

/** Markdown with YAML front matter. Values are JSON, which YAML reads as it is, so no title can break out of its line. */
export function summaryFile(content: ContentDetail): string {
  const topics = content.topics.map((topic) => hierarchyOf(topic));
  const matter: readonly (readonly [string, unknown])[] = [
    ["title", content.title],
    ["content_id", content.content_id],
    ["content_type", content.content_type],
    ["source_url", content.source_url],
    ["tier", content.quality_tier],
    ["quality_score", content.quality_score],
    ["tags", [...new Set([...content.pipeline_tags, ...content.tags])]],
    ["topics", topics],
    ["created_at", content.created_at],
    ["processed_at", content.processed_at],
    ["updated_at", content.updated_at],
    ["pipeline_version", content.pipeline_version],
  ];
  const entities = content.entities.map(
    (entity) => `- ${plain(entity["name"])} (${plain(entity["type"] ?? entity["entity_type"])})`,
  );
  const parts = [
    ["---", ...matter.map(([key, value]) => `${key}: ${JSON.stringify(value)}`), "---"].join("\n"),
    `# ${plain(content.title ?? "Untitled")}`,
    (content.summary ?? "").trim(),
    ...(topics.length > 0 ? [["## Topics", "", ...topics.map((topic) => `- ${topic}`)].join("\n")] : []),
    ...(entities.length > 0 ? [["## Entities", "", ...entities].join("\n")] : []),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** Which state of the content a file shows; undefined when an export did not write it. */
export function shownState(file: string): string | undefined {
  return /^---\n[\s\S]*?^updated_at: "([^"\n]+)"$/m.exec(file.slice(0, 20_000))?.[1];
}

function hierarchyOf(topic: Readonly<Record<string, unknown>>): string {
  const hierarchy = topic["hierarchy"];
  return Array.isArray(hierarchy) ? hierarchy.map(plain).join(" > ") : plain(topic["name"]);
}

const plain = (value: unknown): string => (typeof value === "string" ? value.replace(/\s+/g, " ").trim() : "");
