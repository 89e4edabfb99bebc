import type { ApiClient, Body } from "../api-client.ts";
import type { Terminal } from "../terminal.ts";

export interface ListOptions {
  readonly status?: string;
  readonly limit: number;
}

export async function listJobs(api: ApiClient, { say }: Terminal, options: ListOptions): Promise<void> {
  const query = new URLSearchParams({
    limit: String(options.limit),
    ...(options.status && { status: options.status }),
  });
  const { body } = await api.get<Body<"listJobs">>(`/api/v1/jobs?${query}`);
  if (body.jobs.length === 0) say("No jobs.");
  for (const job of body.jobs) say(`${job.job_id}  ${job.status.padEnd(10)}  ${job.created_at}`);
  if (body.next_cursor !== null) say(`… more: the newest ${options.limit} are shown`);
}

export async function showJob(api: ApiClient, { say }: Terminal, id: string): Promise<void> {
  const { body } = await api.get<unknown>(`/api/v1/jobs/${encodeURIComponent(id)}?verbose=true`);
  say(JSON.stringify(body, null, 2));
}

export async function changePriority(api: ApiClient, { say }: Terminal, id: string, priority: string): Promise<void> {
  const { body } = await api.patch<Body<"changeJob">>(`/api/v1/jobs/${encodeURIComponent(id)}`, { priority });
  say(`${body.job_id}  ${body.priority}, was ${body.before}`);
}

export async function cancelJob(api: ApiClient, { say }: Terminal, id: string, reason?: string): Promise<void> {
  const { body } = await api.post<Body<"cancelJob">>(
    `/api/v1/jobs/${encodeURIComponent(id)}/cancel`,
    reason === undefined ? {} : { reason },
  );
  say(`${body.job_id}  ${body.status}: ${body.message}`);
}
