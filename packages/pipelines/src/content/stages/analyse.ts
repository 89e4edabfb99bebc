import { done, type JsonObject } from "@millrace/core";
import type { ContentStage } from "../content-stage.ts";
import { detectEntities } from "../detect-entities.ts";
import type { StageNeeds } from "../needs.ts";
import type { BlobRef } from "../outputs.ts";
import { keepJson, readJson, readString, workKey } from "../work-blobs.ts";

const MAX_ENTITIES = 50;

/** The addresses that a content's links lead to; links are a list of {kind, target, text}. */
async function linkedAddresses({ blobs }: StageNeeds, links: BlobRef | null): Promise<string[]> {
  const kept = links === null ? [] : await readJson(blobs, links);
  if (!Array.isArray(kept)) return [];
  return kept
    .map((link) => (link as { readonly kind?: unknown; readonly target?: unknown }) ?? {})
    .flatMap(({ kind, target }) => (kind === "external" && typeof target === "string" ? [target] : []));
}

const descriptionOf = ({ description }: JsonObject): string => (typeof description === "string" ? description : "");

/** Has the content judged: tags, tier, summary, topics, entities. */
export function analyse(needs: StageNeeds): ContentStage<"analyse"> {
  const { blobs, analyser, limits } = needs;
  return async ({ job, outputs, signal, clock }) => {
    const text = (await readString(blobs, outputs.convert.text)).slice(0, limits.maxAnalysedCharacters);
    const own = outputs.fetch.source_url === null ? [] : [outputs.fetch.source_url];
    const linked = await linkedAddresses(needs, outputs.extract_links.links);
    const words = `${descriptionOf(outputs.convert.metadata)}\n${text}`;
    const analysis = await analyser.analyse(
      {
        contentType: outputs.fetch.content_type,
        title: outputs.convert.title,
        text,
        preDetected: detectEntities([...own, ...linked], words, MAX_ENTITIES),
        context: outputs.context,
      },
      { signal, now: clock.now() },
    );
    const isTraced = job.dataTier === "full" && analysis.trace !== null;
    const trace = isTraced ? await keepJson(blobs, workKey(job.id, "trace.json"), analysis.trace) : null;
    const { result, usage, warnings } = analysis;
    const aliases = analysis.aliases.map((alias) => ({ ...alias }));
    return done({ unified_result: result, aliases, usage, trace }, warnings);
  };
}
