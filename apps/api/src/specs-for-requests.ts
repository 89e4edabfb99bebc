import { MillraceError, type PipelineSpec, type SpecRegistry, specRegistryOf } from "@millrace/core";
import { z } from "zod";
import { fieldProblem, problemOfZodError } from "./http/request-problem.ts";

/** Their own routes take the input's fields as the request's own. */
const OWN_ROUTES = new Set(["content", "extraction", "extraction_bulk"]);

/** The same pipelines, but an input that does not fit is the request's fault, and the problem names the path in it. */
export function specsForRequests(specs: readonly PipelineSpec[]): SpecRegistry {
  return specRegistryOf(specs.map((spec) => ({ ...spec, input: { parse: (value) => parseInput(spec, value) } })));
}

function parseInput(spec: PipelineSpec, value: unknown): unknown {
  try {
    return spec.input.parse(value);
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    if (error instanceof z.core.$ZodError) throw problemOfZodError(error, OWN_ROUTES.has(spec.name) ? "" : "input");
    throw fieldProblem("input", "pipeline", error instanceof Error ? error.message : "is not what the pipeline takes");
  }
}
