import type { ApiClient, Body } from "../api-client.ts";
import type { Terminal } from "../terminal.ts";

type Gate = Body<"listJobReviews">["gates"][number];

/** What waits for a decision, the oldest first. */
export async function listWaiting(
  api: ApiClient,
  terminal: Terminal,
  filter: { readonly gate?: string; readonly limit: number },
): Promise<void> {
  const query = new URLSearchParams({ limit: String(filter.limit), ...(filter.gate && { gate: filter.gate }) });
  const { body } = await api.get<Body<"listReviews">>(`/api/v1/reviews?${query}`);
  for (const { job_id, pipeline, resource_key, gate } of body.waiting) {
    terminal.say([job_id, gate.gate.padEnd(14), standOf(gate).padEnd(12), pipeline, resource_key].join("  "));
  }
  if (body.next_cursor !== null) terminal.warn(`Only the first ${filter.limit} are shown.`);
}

export async function showReviews(api: ApiClient, terminal: Terminal, jobId: string): Promise<void> {
  const { body } = await api.get<Body<"listJobReviews">>(`/api/v1/jobs/${encodeURIComponent(jobId)}/reviews`);
  for (const gate of body.gates) {
    terminal.say(`${gate.gate}  ${gate.state}  ${standOf(gate)}${gate.expires_at ? `  until ${gate.expires_at}` : ""}`);
    for (const { at, decision, decided_by, comment } of gate.reviews) {
      terminal.say(`  ${at}  ${decision}  ${decided_by}${comment === null ? "" : `  ${comment}`}`);
    }
  }
}

function standOf({ policy, approvals }: Gate): string {
  return policy === null ? "not there yet" : `${approvals} of ${policy.approvals}`;
}

export async function decide(
  api: ApiClient,
  terminal: Terminal,
  said: {
    readonly jobId: string;
    readonly gate: string;
    readonly decision: "approved" | "rejected";
    readonly comment?: string;
  },
): Promise<void> {
  const { jobId, gate, decision, comment } = said;
  const path = `/api/v1/jobs/${encodeURIComponent(jobId)}/reviews/${encodeURIComponent(gate)}`;
  const { body } = await api.post<Body<"decideReview">>(path, { decision, ...(comment && { comment }) });
  const more = body.approvals_needed === undefined ? "" : `, ${body.approvals_needed} more needed`;
  terminal.say(`${body.outcome}${body.status === null ? "" : `: ${body.status}`}${more}`);
}

export async function makeLink(
  api: ApiClient,
  terminal: Terminal,
  asked: {
    readonly jobId: string;
    readonly gate: string;
    readonly reviewer: string;
    readonly roles: readonly string[];
    readonly hours: number;
  },
): Promise<void> {
  const { jobId, gate, reviewer, roles, hours } = asked;
  const path = `/api/v1/jobs/${encodeURIComponent(jobId)}/reviews/${encodeURIComponent(gate)}/links`;
  const { body } = await api.post<Body<"createReviewLink">>(path, { reviewer, roles, expires_in_hours: hours });
  terminal.say(body.url);
  terminal.warn(`${body.reviewer} can decide once with it, until ${body.expires_at}. It is not shown again.`);
}
