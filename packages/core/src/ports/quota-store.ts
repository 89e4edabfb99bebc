import type { Claim } from "../quota.ts";

export interface QuotaStore {
  /**
   * What the current stage of this claim used of its reservation; what it does not say counts as used when it began, and
   * as not used when it never did. Adds up over calls. False: the claim is lost, nothing was written.
   */
  useQuota(claim: Claim, units: number): Promise<boolean>;
  /** The service asked for a pause (429, a day's quota spent): nothing of the pool is dispatched until it is over. */
  pauseQuota(pause: {
    readonly service: string;
    readonly pool: string;
    readonly forMs: number;
    readonly reason: string;
  }): Promise<void>;
}

export type PermitAnswer =
  | { readonly kind: "taken" }
  | { readonly kind: "busy"; readonly held: number; readonly limit: number }
  /** The claim is lost: its work must stop. */
  | { readonly kind: "lost" };

/** How many calls to a provider are under way at a time, over all workers (C-Q10). */
export interface PermitStore {
  /** `id`: a uuid made by the caller, so that a permit whose answer got lost can be asked for again, or given back. */
  takePermit(request: Claim & { readonly provider: string; readonly id: string }): Promise<PermitAnswer>;
  /** Giving back twice gives back once. */
  givePermitBack(id: string): Promise<void>;
}

/** Runs work while it holds a permit of the provider; waits for one, and gives up with the signal's reason. */
export interface Permits {
  withPermit<T>(
    request: Claim & { readonly provider: string; readonly signal: AbortSignal },
    work: () => Promise<T>,
  ): Promise<T>;
}
