import { readFile } from "node:fs/promises";
import { parseChannel } from "@millrace/providers";
import type { ApiClient, Body } from "../api-client.ts";
import type { Terminal } from "../terminal.ts";

type Channel = Body<"readVideoChannel">;
const path = (id: string): string => `/api/v1/video/channels/${encodeURIComponent(id)}`;

/** Checks the file here first: its mistakes are named by field, and nothing is sent. */
export async function putChannel(api: ApiClient, { say }: Terminal, file: string): Promise<void> {
  const parsed = parseChannel(await readFile(file, "utf8"));
  if ("reasons" in parsed) throw new Error([`${file} is no channel:`, ...parsed.reasons].join("\n  "));
  const { channelId, fields } = parsed.channel;
  const { body } = await api.put<Channel>(path(channelId), fields);
  say(`${body.channel_id}  ${body.channel_name}  ${body.id}`);
}

export async function showChannel(
  api: ApiClient,
  { say, colour }: Terminal,
  id: string,
  { json }: { readonly json: boolean },
): Promise<void> {
  const { body } = await api.get<Channel>(path(id));
  if (json) {
    say(JSON.stringify(body, null, 2));
    return;
  }
  const cap = body.max_concurrent === null ? "" : ` of at most ${body.max_concurrent}`;
  say(`${colour.bold(body.channel_name)}  ${colour.dim(`${body.channel_id}, ${body.id}`)}`);
  say(`  ${body.is_active ? "active" : "switched off"}, from ${body.source === "file" ? "its file" : "the API"}`);
  say(`  ${body.in_progress}${cap} in progress, ${body.pending} waiting${body.has_capacity ? "" : ", full"}`);
  say(`  quota pool ${body.quota_pool}, weight ${body.weight}`);
  say(`  credentials: ${body.credentials.length === 0 ? "none" : body.credentials.join(", ")}`);
  for (const [name, value] of Object.entries(body.fields)) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    if (value !== null && text !== "" && !SHOWN_ABOVE.includes(name)) say(`  ${colour.dim(name.padEnd(20))} ${text}`);
  }
}

const SHOWN_ABOVE = ["channel_id", "channel_name", "is_active", "max_concurrent", "quota_pool", "weight"];

export async function deleteChannel(api: ApiClient, { say }: Terminal, id: string): Promise<void> {
  await api.delete(path(id));
  say(`${id}  deleted`);
}
