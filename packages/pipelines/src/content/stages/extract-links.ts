import { done } from "@millrace/core";
import type { ContentStage } from "../content-stage.ts";
import type { StageNeeds } from "../needs.ts";
import { withoutFailing } from "../without-failing.ts";
import { keepJson, readString, workKey } from "../work-blobs.ts";

const NONE = { value: { total: 0, stored: 0, links: null }, warnings: [] };

/** Collects the links of what is markdown: uploaded so, or made of a page. Without them the job goes on. */
export function extractLinks({ blobs, readers, limits }: StageNeeds): ContentStage<"extract_links"> {
  return async ({ job, outputs, signal }) => {
    const { content_type: type } = outputs.fetch;
    if (type !== "markdown" && type !== "web") return done(NONE.value);
    const extract = async () => {
      const found = readers.extractLinks(await readString(blobs, outputs.convert.text), limits.maxLinks);
      const links = found.links.map((link) => ({ ...link }));
      const ref = links.length > 0 ? await keepJson(blobs, workKey(job.id, "links.json"), links) : null;
      return { value: { total: found.total, stored: links.length, links: ref }, warnings: found.warnings };
    };
    const { value, warnings } = await withoutFailing(extract, { signal, code: "LINKS_FAILED", fallback: NONE });
    const cut = value.value.total - value.value.stored;
    const note = { code: "LINKS_CUT", message: `${cut} more links were counted and not kept` };
    return done(value.value, [...warnings, ...value.warnings, ...(cut > 0 ? [note] : [])]);
  };
}
