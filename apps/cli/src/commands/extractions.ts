import type { ApiClient, Body } from "../api-client.ts";
import type { Terminal } from "../terminal.ts";

export interface ListOptions {
  readonly status?: string;
  readonly format?: string;
  readonly bulk?: string;
  readonly retryable: boolean;
  readonly limit: number;
}

type Page = Body<"listExtractions">;
export type ExtractionLine = Page["jobs"][number];

const path = (id: string, rest = ""): string => `/api/v1/extraction/jobs/${encodeURIComponent(id)}${rest}`;

export async function listExtractions(api: ApiClient, { say }: Terminal, options: ListOptions): Promise<void> {
  const { status, format, bulk, retryable, limit } = options;
  const query = new URLSearchParams({
    limit: String(limit),
    ...(status && { status }),
    ...(format && { format }),
    ...(bulk && { bulk_id: bulk }),
    ...(retryable && { retryable: "true" }),
  });
  const { body } = await api.get<Page>(`/api/v1/extraction/jobs?${query}`);
  if (body.jobs.length === 0) say("No extractions.");
  for (const job of body.jobs) say(lineOf(job));
  if (body.next_cursor !== null) say(`… more: the newest ${limit} are shown`);
}

/** One line: id, status, format, name, and why it stands where it stands. */
function lineOf(job: ExtractionLine): string {
  const why = job.message ?? (job.status === "failed" ? job.error_code : null);
  return [job.id, job.status.padEnd(10), job.format.padEnd(6), job.filename, ...(why ? [`(${why})`] : [])].join("  ");
}

export async function showExtraction(api: ApiClient, { say }: Terminal, id: string): Promise<void> {
  const { body } = await api.get<unknown>(path(id));
  say(JSON.stringify(body, null, 2));
}

export async function retryExtraction(api: ApiClient, { say }: Terminal, id: string): Promise<void> {
  const { body } = await api.post<Body<"retryExtraction">>(path(id, "/retry"));
  say(`${body.id}  ${body.status}: tried again as job ${body.job_id}`);
}

export async function cancelExtraction(api: ApiClient, { say }: Terminal, id: string, reason?: string): Promise<void> {
  const asked = reason === undefined ? {} : { reason };
  const { body } = await api.post<Body<"cancelExtraction">>(path(id, "/cancel"), asked);
  say(`${id}  ${body.status}: ${body.message}`);
}

export async function showBulk(api: ApiClient, { say }: Terminal, id: string): Promise<void> {
  const address = `/api/v1/extraction/bulk/${encodeURIComponent(id)}`;
  const { body } = await api.get<Body<"readBulk">>(`${address}?status=failed&limit=100`);
  const { status, partial, total_files, files_completed, files_failed, files_cancelled, progress } = body;
  const open = total_files - files_completed - files_failed - files_cancelled;
  say(`${body.id}  ${status}${partial ? " (partial)" : ""}  ${Math.round(progress)} %`);
  say(
    `${total_files} files: ${files_completed} completed, ${files_failed} failed, ${files_cancelled} cancelled, ${open} open`,
  );
  for (const file of body.files) say(`  ${file.bulk_index}  ${lineOf(file)}`);
  if (body.next_cursor !== null) say("  … more failed files");
}
