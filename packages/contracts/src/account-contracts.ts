import { z } from "zod";
import { instant, isUsualYear } from "./parts.ts";

/** Which contents an older version of the pipeline processed. A version differs by major or minor, not by patch. */
export const versionDrift = z
  .object({
    current_version: z.string(),
    stale_content: z.array(z.object({ version: z.string(), count: z.int() })),
    total_stale: z.int(),
    unknown_version_count: z.int(),
    total_content: z.int(),
  })
  .meta({ id: "VersionDrift" });

const day = z.iso.datetime({ offset: true }).refine(isUsualYear, "must be of the years 1000 to 9999");

export const usageQuery = z
  .strictObject({
    from: day.optional().meta({ description: "30 days before `to` unless said." }),
    to: day.optional().meta({ description: "Not included; now unless said." }),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || new Date(from) < new Date(to), {
    path: ["from"],
    message: "must be before `to`",
  });

const used = {
  calls: z.int(),
  input_tokens: z.int(),
  output_tokens: z.int(),
  cost_usd: z.number().meta({ description: "Of the calls whose price is known." }),
  unpriced_calls: z.int(),
};

/** What language models used. */
export const usageReport = z
  .object({
    from: instant,
    to: instant,
    ...used,
    providers: z.array(
      z.object({
        provider: z.string(),
        ...used,
        models: z.array(z.object({ model: z.string(), jobs: z.int(), ...used })),
      }),
    ),
  })
  .meta({ id: "UsageReport" });
