import type { CallbackPayload } from "@millrace/core";
import type { Query, Row } from "../database.ts";
import { plainText } from "../json-text.ts";
import type { DISABLED_REASONS } from "../schema/callback-endpoints.ts";
import { camelRow } from "./camel-row.ts";

/** An endpoint as its owner sees it; the secret is shown when it is made. */
export interface CallbackEndpoint {
  readonly id: string;
  readonly ownerId: string;
  readonly url: string;
  readonly description: string;
  readonly payload: CallbackPayload;
  readonly allowsJobUrls: boolean;
  readonly isEnabled: boolean;
  readonly disabledReason: (typeof DISABLED_REASONS)[number] | null;
  readonly disabledAt: Date | null;
  /** Attempts that failed since the last one that did not. */
  readonly failures: number;
  readonly failingSince: Date | null;
  /** The secret before this one signs too, until then. */
  readonly previousSecretUntil: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface NewCallbackEndpoint {
  readonly id: string;
  readonly ownerId: string;
  readonly url: string;
  readonly secret: string;
  readonly description: string;
  readonly payload: CallbackPayload;
  readonly allowsJobUrls: boolean;
  readonly isEnabled: boolean;
}

export interface CallbackEndpointChange {
  readonly url?: string | undefined;
  readonly description?: string | undefined;
  readonly payload?: CallbackPayload | undefined;
  readonly allowsJobUrls?: boolean | undefined;
  readonly isEnabled?: boolean | undefined;
}

const COLUMNS = `id, owner_id, url, description, payload, allows_job_urls, is_enabled, disabled_reason, disabled_at, failures,
  failing_since, case when previous_secret_until > now() then previous_secret_until end as previous_secret_until,
  created_at, updated_at`;

const INSTANTS = ["disabled_at", "failing_since", "previous_secret_until", "created_at", "updated_at"];

const IS_THEIRS =
  "id = $1::uuid and ($2::uuid is null or owner_id = $2::uuid) and disabled_reason is distinct from 'deleted'";

function endpointOf(row: Row | undefined): CallbackEndpoint | undefined {
  return row && camelRow<CallbackEndpoint>(row, { instants: INSTANTS });
}

const CREATE = `
insert into callback_endpoints (id, owner_id, url, secret, description, payload, allows_job_urls, is_enabled, disabled_reason, disabled_at)
values ($1::uuid, $2::uuid, $3, $4, $5, $6, $7::text::boolean, $8::text::boolean,
  case when $8::text::boolean then null else 'owner' end, case when $8::text::boolean then null else now() end)
returning ${COLUMNS}
`;

export async function createEndpoint(query: Query, endpoint: NewCallbackEndpoint): Promise<CallbackEndpoint> {
  const { id, ownerId, url, secret, description, payload, allowsJobUrls, isEnabled } = endpoint;
  const [row] = await query(CREATE, [
    id,
    ownerId,
    url,
    secret,
    plainText(description),
    payload,
    String(allowsJobUrls),
    String(isEnabled),
  ]);
  return endpointOf(row)!;
}

export async function listEndpoints(query: Query, ownerId: string | null): Promise<CallbackEndpoint[]> {
  const rows = await query(
    `select ${COLUMNS} from callback_endpoints
     where ($1::uuid is null or owner_id = $1::uuid) and disabled_reason is distinct from 'deleted'
     order by created_at desc, id desc`,
    [ownerId],
  );
  return rows.map((row) => endpointOf(row)!);
}

export async function findEndpoint(
  query: Query,
  id: string,
  ownerId: string | null,
): Promise<CallbackEndpoint | undefined> {
  const [row] = await query(`select ${COLUMNS} from callback_endpoints where ${IS_THEIRS}`, [id, ownerId]);
  return endpointOf(row);
}

/** null keeps what there is. Enabling, or another address, begins the count of failures anew. */
const CHANGE = `
update callback_endpoints e set
  url = coalesce($3, e.url),
  description = coalesce($4, e.description),
  payload = coalesce($5, e.payload),
  allows_job_urls = coalesce($6::text::boolean, e.allows_job_urls),
  is_enabled = coalesce($7::text::boolean, e.is_enabled),
  disabled_reason = case $7::text when 'true' then null when 'false' then 'owner' else e.disabled_reason end,
  disabled_at = case $7::text when 'true' then null when 'false' then coalesce(e.disabled_at, now()) else e.disabled_at end,
  failures = case when $3 <> e.url or $7::text = 'true' then 0 else e.failures end,
  failing_since = case when $3 <> e.url or $7::text = 'true' then null else e.failing_since end,
  updated_at = now()
where ${IS_THEIRS}
returning ${COLUMNS}
`;

export async function changeEndpoint(
  query: Query,
  { id, ownerId, change }: { id: string; ownerId: string | null; change: CallbackEndpointChange },
): Promise<CallbackEndpoint | undefined> {
  const flag = (value: boolean | undefined): string | null => (value === undefined ? null : String(value));
  const [row] = await query(CHANGE, [
    id,
    ownerId,
    change.url ?? null,
    plainText(change.description ?? null),
    change.payload ?? null,
    flag(change.allowsJobUrls),
    flag(change.isEnabled),
  ]);
  return endpointOf(row);
}

/** The row stays for the deliveries that name it; what is still pending the pumps close. */
const DELETE = `
update callback_endpoints set is_enabled = false, disabled_reason = 'deleted', disabled_at = now(), secret = '',
  previous_secret = null, previous_secret_until = null, updated_at = now()
where ${IS_THEIRS}
returning id
`;

export async function deleteEndpoint(query: Query, id: string, ownerId: string | null): Promise<boolean> {
  return (await query(DELETE, [id, ownerId])).length > 0;
}

const ROTATE = `
update callback_endpoints set
  previous_secret = case when $4::int > 0 then secret end,
  previous_secret_until = case when $4::int > 0 then now() + $4::int * interval '1 second' end,
  secret = $3, updated_at = now()
where ${IS_THEIRS}
returning ${COLUMNS}
`;

export async function rotateSecret(
  query: Query,
  given: { id: string; ownerId: string | null; secret: string; overlapSeconds: number },
): Promise<CallbackEndpoint | undefined> {
  const [row] = await query(ROTATE, [given.id, given.ownerId, given.secret, given.overlapSeconds]);
  return endpointOf(row);
}

/** What a test send needs: where to, and every secret that signs now, newest first. */
export async function findSigning(
  query: Query,
  id: string,
  ownerId: string | null,
): Promise<{ url: string; secrets: string[] } | undefined> {
  const [row] = await query<{ url: string; secret: string; previous: string | null }>(
    `select url, secret, case when previous_secret_until > now() then previous_secret end as previous
     from callback_endpoints where ${IS_THEIRS}`,
    [id, ownerId],
  );
  return row && { url: row.url, secrets: row.previous === null ? [row.secret] : [row.secret, row.previous] };
}

export async function allowsJobUrls(query: Query, ownerId: string): Promise<boolean> {
  const rows = await query(
    "select 1 from callback_endpoints where owner_id = $1::uuid and is_enabled and allows_job_urls limit 1",
    [ownerId],
  );
  return rows.length > 0;
}
