import { done, type Json, type JsonObject, MillraceError, type StageWarning } from "@millrace/core";
import type { Analysis, AnalysisInput, AnalysisUsage } from "@millrace/providers";
import type { ContentContext, ContentStage } from "../content-stage.ts";
import { detectEntities } from "../detect-entities.ts";
import type { StageNeeds } from "../needs.ts";
import type { BlobRef } from "../outputs.ts";
import { whileAway } from "../while-away.ts";
import { withoutFailing } from "../without-failing.ts";
import { readJson, readString } from "../work-blobs.ts";

const MAX_ENTITIES = 50;
const PATIENCE = { waitsMs: [250, 500, 1_000, 2_000, 4_000, 8_000], patienceMs: 20_000 };

/** The addresses that a content's links lead to; links are a list of {kind, target, text}. */
async function linkedAddresses({ blobs }: StageNeeds, links: BlobRef | null): Promise<string[]> {
  const kept = links === null ? [] : await readJson(blobs, links);
  if (!Array.isArray(kept)) return [];
  return kept
    .map((link) => (link as { readonly kind?: unknown; readonly target?: unknown }) ?? {})
    .flatMap(({ kind, target }) => (kind === "external" && typeof target === "string" ? [target] : []));
}

const descriptionOf = ({ description }: JsonObject): string => (typeof description === "string" ? description : "");

async function inputOf(needs: StageNeeds, { outputs }: ContentContext): Promise<AnalysisInput> {
  const text = (await readString(needs.blobs, outputs.convert.text)).slice(0, needs.limits.maxAnalysedCharacters);
  const own = outputs.fetch.source_url === null ? [] : [outputs.fetch.source_url];
  const linked = await linkedAddresses(needs, outputs.extract_links.links);
  const words = `${descriptionOf(outputs.convert.metadata)}\n${text}`;
  return {
    contentType: outputs.fetch.content_type,
    title: outputs.convert.title,
    text,
    preDetected: detectEntities([...own, ...linked], words, MAX_ENTITIES),
    context: outputs.context,
  };
}

/** What is known of an analysis beside its result, also of one that failed. */
interface Trail {
  readonly model: string;
  readonly usage: AnalysisUsage | null;
  readonly payload: Json;
}

function trailOfError(error: unknown, name: string): Trail {
  const { code, message, details } =
    error instanceof MillraceError ? error : new MillraceError("INTERNAL", String(error));
  const { usage, model, ...rest } = details as { usage?: AnalysisUsage; model?: string } & JsonObject;
  return {
    model: model ?? name,
    usage: usage ?? null,
    payload: { ...rest, error_code: code, error_message: message },
  };
}

/** Keeps what was used, and of a full job prompt and answer. An analysis that is made stands without its records. */
async function keepTrail(
  { records, provider, analyser }: StageNeeds,
  { job, signal, log }: ContentContext,
  { model, usage, payload }: Trail,
): Promise<readonly StageWarning[]> {
  const claim = { jobId: job.id, fence: job.fence, stage: "analyse" };
  const keep = async (): Promise<void> => {
    const again = { ...PATIENCE, signal, log, jobId: job.id };
    if (usage !== null) {
      const used = { ...claim, ...usage, ownerId: job.ownerId, provider: provider ?? analyser.name, model };
      await whileAway(() => records.recordUsage(used), again);
    }
    if (job.dataTier === "full" && payload !== null) {
      await whileAway(() => records.keepPayload({ ...claim, payload }), again);
    }
  };
  return (await withoutFailing(keep, { signal, code: "RECORDS_NOT_KEPT", fallback: undefined })).warnings;
}

/** Has the content judged: tags, tier, summary, topics, entities. */
export function analyse(needs: StageNeeds): ContentStage<"analyse"> {
  return async (context) => {
    const { signal, clock } = context;
    const input = await inputOf(needs, context);
    let analysis: Analysis;
    try {
      analysis = await needs.analyser.analyse(input, { signal, now: clock.now() });
    } catch (error) {
      signal.throwIfAborted();
      await keepTrail(needs, context, trailOfError(error, needs.analyser.name));
      throw error;
    }
    const { result, usage, warnings, trace } = analysis;
    const notes = await keepTrail(needs, context, { model: result.model, usage, payload: trace });
    const aliases = analysis.aliases.map((alias) => ({ ...alias }));
    const pre_detected = input.preDetected.map((entity) => ({ ...entity }));
    return done({ unified_result: result, aliases, usage, pre_detected }, [...warnings, ...notes]);
  };
}
