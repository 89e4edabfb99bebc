import { join } from "node:path";
import type { Colour } from "../colour.ts";
import type { CliConfig } from "../config.ts";
import type { Instance } from "./bring-up.ts";

/** What a newcomer needs to know once everything is up. */
export function welcome(instance: Instance, { root, dataDir }: CliConfig, colour: Colour): string {
  const { apiUrl, dashboardUrl, dashboardPassword, apiKey } = instance;
  const bearer = `-H "Authorization: Bearer ${apiKey}"`;
  const quoted = (path: string): string => (/^[\w./-]+$/.test(path) ? path : `"${path}"`);
  return [
    "",
    colour.bold("Millrace is up."),
    "",
    `  API        ${colour.bold(apiUrl)}   its pages: ${apiUrl}/docs`,
    `  Dashboard  ${colour.bold(dashboardUrl)}   password: ${dashboardPassword}`,
    `  API key    ${apiKey}`,
    `  Data       ${dataDir} (${instance.how.join("; ")})`,
    "",
    "Put a document in:",
    `  curl -s ${bearer} -F file=@${quoted(join(root, "README.md"))} ${apiUrl}/api/v1/content`,
    "and look at the job it answers with:",
    `  curl -s ${bearer} "${apiUrl}/api/v1/jobs/JOB_ID?verbose=true"`,
    "",
    colour.dim("Ctrl-C stops everything; the data stays."),
    "",
  ].join("\n");
}
