import type { ApiClient, Body } from "../api-client.ts";
import type { Terminal } from "../terminal.ts";

type EndpointRow = Body<"listCallbackEndpoints">["endpoints"][number];
type DeliveryRow = Body<"listDeliveries">["deliveries"][number];

const pathOf = (id: string, action = ""): string => `/api/v1/callback-endpoints/${encodeURIComponent(id)}${action}`;

const stateOf = (endpoint: EndpointRow): string =>
  endpoint.is_enabled ? "enabled" : `disabled (${endpoint.disabled_reason ?? "owner"})`;

function sayEndpoint({ say }: Terminal, endpoint: EndpointRow): void {
  const failures = endpoint.failures > 0 ? `  ${endpoint.failures} failed in a row` : "";
  say(`${endpoint.endpoint_id}  ${stateOf(endpoint).padEnd(18)}  ${endpoint.url}${failures}`);
}

function saySecret({ say, warn }: Terminal, secret: string): void {
  say(secret);
  warn("This is the only time the secret is shown.");
}

export async function listCallbackEndpoints(api: ApiClient, terminal: Terminal): Promise<void> {
  const { body } = await api.get<Body<"listCallbackEndpoints">>("/api/v1/callback-endpoints");
  if (body.endpoints.length === 0) terminal.say("No callback endpoints.");
  for (const endpoint of body.endpoints) sayEndpoint(terminal, endpoint);
}

export interface NewEndpoint {
  readonly url: string;
  readonly description: string;
  readonly full: boolean;
  readonly jobUrls: boolean;
}

export async function addCallbackEndpoint(api: ApiClient, terminal: Terminal, wanted: NewEndpoint): Promise<void> {
  const { body } = await api.post<Body<"createCallbackEndpoint">>("/api/v1/callback-endpoints", {
    url: wanted.url,
    description: wanted.description,
    payload: wanted.full ? "full" : "summary",
    allows_job_urls: wanted.jobUrls,
  });
  sayEndpoint(terminal, body);
  saySecret(terminal, body.secret);
}

export async function enableCallbackEndpoint(
  api: ApiClient,
  terminal: Terminal,
  { id, isEnabled }: { readonly id: string; readonly isEnabled: boolean },
): Promise<void> {
  const { body } = await api.patch<Body<"changeCallbackEndpoint">>(pathOf(id), { is_enabled: isEnabled });
  sayEndpoint(terminal, body);
}

export async function deleteCallbackEndpoint(api: ApiClient, { say }: Terminal, id: string): Promise<void> {
  await api.delete<Body<"deleteCallbackEndpoint">>(pathOf(id));
  say("Deleted. What still waited for it is exhausted and can be sent again to another endpoint.");
}

export async function rotateCallbackSecret(
  api: ApiClient,
  terminal: Terminal,
  { id, overlapMs }: { readonly id: string; readonly overlapMs: number },
): Promise<void> {
  const { body } = await api.post<Body<"rotateCallbackSecret">>(pathOf(id, "/rotate-secret"), {
    overlap_seconds: Math.round(overlapMs / 1_000),
  });
  saySecret(terminal, body.secret);
  const until = body.previous_secret_until;
  terminal.say(until === null ? "The old one is void." : `The old one signs too until ${until}.`);
}

/** Whether the receiver took it. */
export async function testCallbackEndpoint(api: ApiClient, { say }: Terminal, id: string): Promise<boolean> {
  const { body } = await api.post<Body<"testCallbackEndpoint">>(pathOf(id, "/test"));
  say(
    `${body.delivered ? "delivered" : "not delivered"}  ${body.error ?? `HTTP ${body.status_code}`}  ${body.latency_ms} ms`,
  );
  return body.delivered;
}

function sayDelivery({ say }: Terminal, delivery: DeliveryRow): void {
  const error = delivery.last_error === null ? "" : `  ${delivery.last_error}`;
  say(
    `${delivery.delivery_id}  ${delivery.status.padEnd(9)}  ${delivery.attempts} tried  job ${delivery.job_id}  ${delivery.event}${error}`,
  );
}

export async function showJobDeliveries(api: ApiClient, terminal: Terminal, jobId: string): Promise<void> {
  const { body } = await api.get<Body<"listJobDeliveries">>(`/api/v1/jobs/${encodeURIComponent(jobId)}/deliveries`);
  if (body.deliveries.length === 0) terminal.say("No callbacks: the job is not over, or its owner had no endpoint.");
  for (const delivery of body.deliveries) {
    sayDelivery(terminal, delivery);
    for (const line of delivery.log) {
      const outcome =
        line.finished_at === null ? "no result: under way, or interrupted" : (line.error ?? `HTTP ${line.status_code}`);
      terminal.say(
        `  attempt ${line.attempt}  ${line.started_at}  ${line.latency_ms ?? "–"} ms  ${outcome}  ${line.url}`,
      );
    }
  }
}

export async function listDeliveries(
  api: ApiClient,
  terminal: Terminal,
  { status, limit }: { readonly status?: string; readonly limit: number },
): Promise<void> {
  const query = new URLSearchParams({ limit: String(limit), ...(status && { status }) });
  const { body } = await api.get<Body<"listDeliveries">>(`/api/v1/deliveries?${query}`);
  if (body.deliveries.length === 0) terminal.say("No deliveries.");
  for (const delivery of body.deliveries) sayDelivery(terminal, delivery);
  if (body.next_cursor !== null) terminal.say(`… more: the newest ${limit} are shown`);
}

export async function redeliver(api: ApiClient, { say }: Terminal, id: string): Promise<void> {
  await api.post<Body<"redeliver">>(`/api/v1/deliveries/${encodeURIComponent(id)}/redeliver`);
  say("It is due now.");
}

export async function redeliverExhausted(api: ApiClient, { say }: Terminal, since: Date): Promise<void> {
  let count = 0;
  for (;;) {
    const { body } = await api.post<Body<"redeliverExhausted">>("/api/v1/deliveries/redeliver", {
      exhausted_since: since.toISOString(),
    });
    count += body.redelivered;
    if (!body.has_more) break;
  }
  say(`${count} are due now.`);
}
