import type { Body } from "../api-client.ts";
import type { Colour } from "../colour.ts";

const WIDTH = 92;

function wrapped(text: string, indent: string): string {
  const lines = text.split("\n").flatMap((paragraph) => {
    const out: string[] = [];
    let line = "";
    for (const word of paragraph.split(/\s+/)) {
      if (line !== "" && line.length + word.length + 1 > WIDTH) {
        out.push(line);
        line = word;
      } else line = line === "" ? word : `${line} ${word}`;
    }
    return [...out, line];
  });
  return lines.map((line) => `${indent}${line}`.trimEnd()).join("\n");
}

const nameOf = (item: Readonly<Record<string, unknown>>): string => {
  const kind = item["type"] === undefined ? "" : ` (${item["type"]})`;
  return `${item["name"]}${kind}`;
};

/** What the analysis says of a content, for a person. */
export function resultText(content: Body<"readContent">, colour: Colour): string {
  const row = (label: string, text: string): string[] =>
    text === "" ? [] : [`  ${colour.bold(label.padEnd(9))} ${wrapped(text, " ".repeat(12)).trimStart()}`];
  const model = (content.metadata["unified_result"] as { model?: string } | undefined)?.model;
  return [
    ...row("title", content.title ?? ""),
    ...row(
      "tier",
      `${content.quality_tier ?? "-"}, score ${content.quality_score ?? "-"}${model ? ` (${model})` : ""}`,
    ),
    ...row("tags", (content.pipeline_tags.length > 0 ? content.pipeline_tags : content.tags).join(", ")),
    ...row("topics", content.topics.map(nameOf).join(", ")),
    ...row("entities", content.entities.map(nameOf).join(", ")),
    ...row("summary", content.summary ?? ""),
  ].join("\n");
}
