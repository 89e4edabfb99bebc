import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { ApiClient, Body } from "../api-client.ts";
import type { Terminal } from "../terminal.ts";

export interface ExtractWish {
  readonly files: readonly string[];
  readonly format?: string;
  readonly options?: string;
  readonly out?: string;
  readonly force: boolean;
}

const POLL_MS = 250;

/** Uploads files one after the other, then follows them to their ends. False: one of them failed. */
export async function extractFiles(api: ApiClient, terminal: Terminal, wish: ExtractWish): Promise<boolean> {
  const started: { readonly file: string; readonly id: string }[] = [];
  for (const file of wish.files) {
    const { body } = await api.post<Body<"uploadExtraction">>("/api/v1/extraction/upload", await formOf(file, wish));
    terminal.say(`${body.id}  ${body.deduplicated ? "known" : "accepted"}  ${file}`);
    started.push({ file, id: body.id });
  }
  let isGood = true;
  for (const [index, { file, id }] of started.entries()) {
    const ended = await followToEnd(api, id);
    const isDone = ended.status === "completed";
    if (!isDone) isGood = false;
    terminal.say(`${id}  ${ended.status}  ${file}${isDone ? found(ended.result) : `: ${ended.error_code ?? ""}`}`);
    if (!isDone && ended.error_message) terminal.warn(`  ${ended.error_message}`);
    if (isDone && wish.out !== undefined)
      await keepResult(api, { id, name: `${index + 1}-${basename(file)}.json`, out: wish.out });
  }
  return isGood;
}

async function formOf(file: string, { format, options, force }: ExtractWish): Promise<FormData> {
  const form = new FormData();
  if (format !== undefined) form.append("format", format);
  if (options !== undefined) form.append("options", options);
  if (force) form.append("force", "true");
  form.append("file", new Blob([await readFile(file)]), basename(file));
  return form;
}

async function followToEnd(api: ApiClient, id: string): Promise<Body<"readExtraction">> {
  for (;;) {
    const { body } = await api.get<Body<"readExtraction">>(`/api/v1/extraction/jobs/${id}`);
    if (body.status !== "pending" && body.status !== "processing") return body;
    await pause(POLL_MS);
  }
}

/** What there is, in numbers: "tables 2, pages 7". */
function found(result: unknown): string {
  const counts = Object.entries((result as { readonly counts?: Record<string, number> } | null)?.counts ?? {});
  return counts.length === 0 ? "" : `: ${counts.map(([name, count]) => `${name} ${count}`).join(", ")}`;
}

async function keepResult(
  api: ApiClient,
  { id, name, out }: { readonly id: string; readonly name: string; readonly out: string },
): Promise<void> {
  const { body } = await api.get<unknown>(`/api/v1/extraction/jobs/${id}/result`);
  await mkdir(out, { recursive: true });
  await writeFile(join(out, name), `${JSON.stringify(body, null, 2)}\n`);
}
