/**
 * The message about each terminal row of the CTE `source` (id, owner_id, status), for owners with an endpoint: born in
 * the statement that ends the job, so it cannot be lost. An endpoint that was disabled because it failed still collects.
 * A job whose metadata says `"callback": "none"` has no message: a file of a batch, whose end the batch's message tells.
 */
export function callbackDeliveries(source: string): string {
  return `deliveries as (
  insert into callback_deliveries (job_id, endpoint_id, url, event)
  select ended.id, e.id,
    case when e.allows_job_urls then (select metadata ->> 'callback_url' from pipeline_jobs where id = ended.id) end,
    'pipeline_job.' || ended.status
  from ${source} ended
  cross join lateral (
    select id, allows_job_urls from callback_endpoints
    where ended.status in ('completed', 'failed', 'cancelled') and owner_id = ended.owner_id
      and (is_enabled or disabled_reason = 'failing')
    order by is_enabled desc, disabled_at desc
    limit 1
  ) e
  -- "e.id" keeps this from being looked up for owners without an endpoint
  where coalesce((select metadata ->> 'callback' from pipeline_jobs where id = ended.id and e.id is not null), '') <> 'none'
  on conflict (job_id, event) do nothing
)`;
}
