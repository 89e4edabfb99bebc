import type { PermitRecords, QuotaRecords } from "@millrace/db";

/** What the endpoints of quotas and permits ask, beside what all do. */
export interface QuotaNeeds {
  readonly quotas: Pick<QuotaRecords, "listQuotas" | "findQuota" | "changeQuota">;
  readonly permits: Pick<PermitRecords, "listPermits" | "changePermits">;
}
