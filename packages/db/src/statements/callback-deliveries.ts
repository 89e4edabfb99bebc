/**
 * The message about each terminal row of the CTE `source` (id, owner_id, status), for owners with an enabled endpoint:
 * born in the statement that ends the job, so it cannot be lost.
 */
export function callbackDeliveries(source: string): string {
  return `deliveries as (
  insert into callback_deliveries (job_id, endpoint_id, event)
  select ended.id, e.id, 'pipeline_job.' || ended.status
  from ${source} ended
  cross join lateral (
    select id from callback_endpoints
    where ended.status in ('completed', 'failed', 'cancelled') and owner_id = ended.owner_id and is_enabled
    limit 1
  ) e
  on conflict (job_id, event) do nothing
)`;
}
