import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Pipeline } from "@millrace/core";

/**
 * Pipelines of your own, without touching Millrace: each path is an ES module that exports `pipelines`, an array made
 * with `definePipeline`. The API loads it for the specs, the workers to run it. Throws naming the module that is wrong.
 */
export async function loadPipelineModules(paths: readonly string[]): Promise<readonly Pipeline[]> {
  const loaded = await Promise.all(
    paths.map(async (path) => {
      const module = (await import(pathToFileURL(resolve(path)).href)) as { pipelines?: readonly Pipeline[] };
      if (!Array.isArray(module.pipelines)) throw new Error(`${path} does not export an array called "pipelines"`);
      return module.pipelines as readonly Pipeline[];
    }),
  );
  return loaded.flat();
}
