import { done } from "@millrace/core";
import { contentPath, derivedPath } from "../content-folder.ts";
import type { ContentContext, ContentStage } from "../content-stage.ts";
import type { StageNeeds } from "../needs.ts";
import { TIMESTAMPED_NAME } from "../open-stored.ts";
import type { BlobRef } from "../outputs.ts";
import { keepJson } from "../work-blobs.ts";

/** Copies within the store, in bounded memory; a file that is where it belongs stays. */
async function copy({ blobs }: StageNeeds, from: BlobRef, to: string): Promise<BlobRef> {
  if (from.key === to) return from;
  return blobs.putStream(to, await blobs.getStream(from.key), { maxBytes: from.bytes });
}

/** The bytes that are the content: the file as it came, or the text that was made of a page or a video. */
function ownBytes({ outputs }: ContentContext): BlobRef {
  const { content_type: type, raw } = outputs.fetch;
  return type === "web" || type === "youtube" ? outputs.convert.text : raw;
}

async function storeAll(needs: StageNeeds, context: ContentContext) {
  const { job, input, outputs } = context;
  const { resolve: resolved, fetch: fetched, convert: converted } = outputs;
  const contentType = fetched.content_type;
  const path = resolved.stored_path ?? contentPath({ job, input, resolved, contentType });
  const derived = (name: string) => derivedPath(path, name);
  const file = await copy(needs, ownBytes(context), path);
  const isVideo = contentType === "youtube";
  const described = {
    title: converted.title,
    source_url: fetched.source_url,
    tags: converted.tags,
    ...converted.metadata,
  };
  const metadataPath = isVideo ? path.replace(/[^/]+$/, "metadata.json") : derived("metadata.json");
  await keepJson(needs.blobs, metadataPath, described);
  if (converted.timestamped !== null) await copy(needs, converted.timestamped, derived(TIMESTAMPED_NAME));
  if (contentType === "pdf") await copy(needs, converted.text, derived("text.txt"));
  const keep = async (made: BlobRef | null, name: string) =>
    made === null ? null : (await copy(needs, made, derived(name))).key;
  return done({
    file_path: path,
    file_size: file.bytes,
    metadata_path: metadataPath,
    links_path: await keep(outputs.extract_links.links, "links.json"),
    chunks_path: await keep(outputs.chunk.chunks, "chunks.json"),
  });
}

/** Puts the content where it lives (A2.3 #5), with what was made of it beside it. Paths are fixed: twice is once. */
export function store(needs: StageNeeds): ContentStage<"store"> {
  return (context) => storeAll(needs, context);
}
