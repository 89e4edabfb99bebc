import { parseDocument } from "yaml";
import type { z } from "zod";
import { type Channel, channelOf } from "./channel.ts";
import { channelFields } from "./channel-fields.ts";

export type ParsedChannel =
  | { readonly channel: Channel }
  | {
      /** Whose file it seems to be; null where that cannot be read. */
      readonly channelId: string | null;
      /** Each names the field and the rule, and shows no value: somebody may have written a credential there. */
      readonly reasons: readonly string[];
    };

/** What the text of a channel file says. Never throws. */
export function parseChannel(text: string): ParsedChannel {
  const written = parseYaml(text);
  return "reason" in written ? { channelId: null, reasons: [written.reason] } : parseChannelFields(written.value);
}

/** What the fields of a channel say, where they come as plain values. Never throws. */
export function parseChannelFields(value: unknown): ParsedChannel {
  const parsed = channelFields.safeParse(value);
  if (parsed.success) return { channel: channelOf(parsed.data) };
  const id = channelFields.shape.channel_id.safeParse(Object(value)["channel_id"]);
  return { channelId: id.data ?? null, reasons: parsed.error.issues.map(reasonOf) };
}

function parseYaml(text: string): { readonly value: unknown } | { readonly reason: string } {
  try {
    // the core schema knows no tag that makes anything but plain values; aliases are counted against bombs
    // "silent" would also be silent about a second document
    const document = parseDocument(text, { schema: "core", merge: false, logLevel: "error" });
    const [problem] = document.errors;
    if (problem === undefined) return { value: document.toJS({ maxAliasCount: 50 }) };
    const [at] = problem.linePos ?? [];
    // its message would show the line
    const what = problem.code.toLowerCase().replaceAll("_", " ");
    return { reason: `not valid YAML${at === undefined ? "" : ` in line ${at.line}, column ${at.col}`}: ${what}` };
  } catch {
    return { reason: "not valid YAML: its aliases cannot be resolved" };
  }
}

function reasonOf({ path, message, code }: z.core.$ZodIssue): string {
  const field = path.map(String).join(".");
  if (field !== "") return `${field}: ${message}`;
  return code === "invalid_type" ? "must be a mapping of fields" : message;
}
