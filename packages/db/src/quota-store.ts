import type { PermitStore, QuotaStore } from "@millrace/core";
import type { Database } from "./database.ts";
import { isUuid } from "./is-uuid.ts";
import { changePermits, givePermitBack, listPermits, type PermitRow, takePermit } from "./statements/permits.ts";
import {
  changeQuota,
  findQuota,
  listQuotas,
  type PoolName,
  pauseQuota,
  type QuotaChange,
  type QuotaRow,
  type RepairedQuotas,
  repairQuotas,
  useQuota,
} from "./statements/quotas.ts";

/** What stages say of quotas, and what operators see and set. */
export interface QuotaRecords extends QuotaStore {
  /** Those that were set, used today or yesterday, or waited for; by service and pool. */
  listQuotas(limit: number): Promise<QuotaRow[]>;
  findQuota(name: PoolName): Promise<QuotaRow>;
  /** VALIDATION_FAILED for a time zone nobody knows, a limit below 0, or a pause of every pool. */
  changeQuota(name: PoolName, change: QuotaChange): Promise<QuotaRow>;
  /** A chore: wrong counts, overlooked jobs, days that are over. */
  repairQuotas(): Promise<RepairedQuotas>;
}

export interface PermitRecords extends PermitStore {
  listPermits(): Promise<PermitRow[]>;
  /** VALIDATION_FAILED for fewer than none. */
  changePermits(provider: string, permits: number | null): Promise<PermitRow>;
}

export function createQuotaStore(db: Database): QuotaRecords {
  const { query } = db;
  return {
    useQuota: async (claim, units) => isUuid(claim.jobId) && useQuota(query, claim, units),
    pauseQuota: (pause) => pauseQuota(query, pause),
    listQuotas: (limit) => listQuotas(query, limit),
    findQuota: (name) => findQuota(query, name),
    changeQuota: (name, change) => changeQuota(db, name, change),
    repairQuotas: () => repairQuotas(query),
  };
}

export function createPermitStore({ query }: Pick<Database, "query">): PermitRecords {
  return {
    takePermit: (request) => takePermit(query, request),
    givePermitBack: (id) => givePermitBack(query, id),
    listPermits: () => listPermits(query),
    changePermits: (provider, permits) => changePermits(query, provider, permits),
  };
}
