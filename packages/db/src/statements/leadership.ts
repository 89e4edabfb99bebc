import type { Query } from "../database.ts";

/** The epoch grows whenever the lease was free: its holder can tell its own terms apart. */
const ACQUIRE = `
insert into leases as l (name, holder, epoch, expires_at) values ($1, $2, 1, now() + $3::float8 * interval '1 ms')
on conflict (name) do update set
  holder = excluded.holder,
  epoch = l.epoch + (l.holder <> excluded.holder or l.expires_at < now())::int,
  expires_at = excluded.expires_at
where l.holder = excluded.holder or l.expires_at < now()
returning epoch
`;

/** Takes or keeps the lease called `name`; the epoch when held, undefined when somebody else has it. */
export async function acquireLeadership(
  query: Query,
  lease: { readonly name: string; readonly holder: string; readonly ttlMs: number },
): Promise<number | undefined> {
  const [row] = await query<{ epoch: string }>(ACQUIRE, [lease.name, lease.holder, lease.ttlMs]);
  return row === undefined ? undefined : Number(row.epoch);
}

export async function releaseLeadership(query: Query, name: string, holder: string): Promise<void> {
  await query("update leases set expires_at = to_timestamp(0) where name = $1 and holder = $2", [name, holder]);
}
