import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { OutboundFetch } from "../../outbound/outbound-fetch.ts";
import { kieDataOf } from "./kie-answer.ts";
import { createMediaDoor, type MediaDoor } from "./media-door.ts";

/** Puts an image where a provider can fetch it for some hours; resolves to its address. */
export type UploadImage = (image: { readonly path: string; readonly signal: AbortSignal }) => Promise<string>;

export interface KieUploadOptions {
  readonly fetch: OutboundFetch;
  readonly apiKey: string;
  readonly baseUrl?: string;
  readonly timeoutMs?: number;
}

export interface FormUploadOptions {
  readonly fetch: OutboundFetch;
  /** Takes a form with a file and answers with its address as text: `https://catbox.moe/user/api.php`. */
  readonly url: string;
  /** The form's other fields. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly fileField?: string;
  readonly timeoutMs?: number;
}

const UPLOAD_MS = 60_000;
const MAX_ANSWER_BYTES = 100_000;

const uploaded = z.object({ downloadUrl: z.url({ protocol: /^https?$/ }) });

/** KIE's own file host, free of charge; files stay for a day. */
export function createKieUpload(options: KieUploadOptions): UploadImage {
  const { fetch, apiKey, baseUrl = "https://kieai.redpandaai.co", timeoutMs = UPLOAD_MS } = options;
  const door = createMediaDoor({ provider: "kie", fetch, secrets: [apiKey] });
  return async ({ path, signal }) => {
    const image = await readImage(door, path);
    const form = new FormData();
    form.set("file", image.file, image.name);
    form.set("uploadPath", "millrace");
    form.set("fileName", image.name);
    const response = await door.send(`${baseUrl}/api/file-stream-upload`, {
      ...(await encoded(form, { authorization: `Bearer ${apiKey}` })),
      signal,
      timeoutMs,
      maxBytes: MAX_ANSWER_BYTES,
    });
    const read = uploaded.safeParse(kieDataOf(door, response));
    if (!read.success) throw door.invalid("took the image and did not say where it is");
    return read.data.downloadUrl;
  };
}

/** Any host in the manner of catbox.moe: a form in, an address out. */
export function createFormUpload(options: FormUploadOptions): UploadImage {
  const { fetch, url, fields = { reqtype: "fileupload" }, fileField = "fileToUpload", timeoutMs = UPLOAD_MS } = options;
  const door = createMediaDoor({ provider: "image host", fetch, secrets: Object.values(fields) });
  return async ({ path, signal }) => {
    const image = await readImage(door, path);
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    form.set(fileField, image.file, image.name);
    const request = await encoded(form, {});
    const response = await door.send(url, { ...request, signal, timeoutMs, maxBytes: MAX_ANSWER_BYTES });
    const words = Buffer.from(response.body).toString("utf8").trim();
    if (response.status !== 200) throw door.errorOf(response, words);
    const address = z.url({ protocol: /^https?$/ }).safeParse(words);
    if (!address.success) throw door.invalid("took the image and did not answer with an address");
    return address.data;
  };
}

/** Named by its content: the same image again lies in the same place, another one never does. */
async function readImage(door: MediaDoor, path: string): Promise<{ readonly file: Blob; readonly name: string }> {
  const bytes = await readFile(path);
  const type = typeOf(bytes);
  if (type === undefined) throw door.refused("takes PNG, JPEG and WebP images; this is none of them");
  const name = `${createHash("sha256").update(bytes).digest("hex").slice(0, 40)}.${type}`;
  return { file: new Blob([bytes], { type: `image/${type}` }), name };
}

function typeOf(bytes: Buffer): "png" | "jpeg" | "webp" | undefined {
  if (bytes.subarray(0, 8).equals(Buffer.from("89504e470d0a1a0a", "hex"))) return "png";
  if (bytes.subarray(0, 3).equals(Buffer.from("ffd8ff", "hex"))) return "jpeg";
  return bytes.toString("latin1", 8, 12) === "WEBP" ? "webp" : undefined;
}

async function encoded(form: FormData, headers: Readonly<Record<string, string>>) {
  const message = new Response(form);
  const type = message.headers.get("content-type") ?? "multipart/form-data";
  const body = new Uint8Array(await message.arrayBuffer());
  return { method: "POST", headers: { ...headers, "content-type": type }, body } as const;
}
