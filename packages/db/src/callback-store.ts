import type { Database } from "./database.ts";
import { isUuid } from "./is-uuid.ts";
import {
  allowsJobUrls,
  type CallbackEndpoint,
  type CallbackEndpointChange,
  changeEndpoint,
  createEndpoint,
  deleteEndpoint,
  findEndpoint,
  findSigning,
  listEndpoints,
  type NewCallbackEndpoint,
  rotateSecret,
} from "./statements/callback-endpoints.ts";
import {
  type CallbackAttempt,
  type CallbackDelivery,
  type DeliveryFilter,
  listJobsDeliveries,
  listOwnersDeliveries,
  redeliver,
  redeliverExhausted,
} from "./statements/callback-log.ts";
import { codeOf } from "./store-error.ts";

/** Whose rows: `ownerId` null is every owner's (admin). */
export interface OwnedId {
  readonly id: string;
  readonly ownerId: string | null;
}

/** The owner has another enabled endpoint; there is one at a time. */
export type OneIsEnabled = "one_is_enabled";

/** The owner's side of callbacks: endpoints, what was delivered, sending it again. `undefined`: there is no such row. */
export interface CallbackStore {
  createEndpoint(endpoint: NewCallbackEndpoint): Promise<CallbackEndpoint | OneIsEnabled>;
  listEndpoints(ownerId: string | null): Promise<CallbackEndpoint[]>;
  findEndpoint(which: OwnedId): Promise<CallbackEndpoint | undefined>;
  changeEndpoint(
    which: OwnedId & { readonly change: CallbackEndpointChange },
  ): Promise<CallbackEndpoint | OneIsEnabled | undefined>;
  deleteEndpoint(which: OwnedId): Promise<boolean>;
  /** The secret before it signs too, for `overlapSeconds`. */
  rotateSecret(
    which: OwnedId & { readonly secret: string; readonly overlapSeconds: number },
  ): Promise<CallbackEndpoint | undefined>;
  findSigning(which: OwnedId): Promise<{ readonly url: string; readonly secrets: readonly string[] } | undefined>;
  /** Whether a job of this owner may name an address of its own. */
  allowsJobUrls(ownerId: string): Promise<boolean>;
  listDeliveries(filter: DeliveryFilter): Promise<CallbackDelivery[]>;
  listJobsDeliveries(jobId: string): Promise<(CallbackDelivery & { readonly log: readonly CallbackAttempt[] })[]>;
  redeliver(which: OwnedId): Promise<"pending" | "no_endpoint" | "not_found">;
  redeliverExhausted(which: {
    readonly ownerId: string | null;
    readonly since: Date;
    readonly limit: number;
  }): Promise<number>;
}

const UNIQUE_VIOLATION = "23505";

export function createCallbackStore({ query }: Pick<Database, "query">): CallbackStore {
  const unlessOneIsEnabled = async <T>(work: Promise<T>): Promise<T | OneIsEnabled> => {
    try {
      return await work;
    } catch (error) {
      if (codeOf(error) === UNIQUE_VIOLATION) return "one_is_enabled";
      throw error;
    }
  };
  return {
    createEndpoint: (endpoint) => unlessOneIsEnabled(createEndpoint(query, endpoint)),
    listEndpoints: (ownerId) => listEndpoints(query, ownerId),
    findEndpoint: async ({ id, ownerId }) => (isUuid(id) ? findEndpoint(query, id, ownerId) : undefined),
    changeEndpoint: async (given) => (isUuid(given.id) ? unlessOneIsEnabled(changeEndpoint(query, given)) : undefined),
    deleteEndpoint: async ({ id, ownerId }) => isUuid(id) && deleteEndpoint(query, id, ownerId),
    rotateSecret: async (given) => (isUuid(given.id) ? rotateSecret(query, given) : undefined),
    findSigning: async ({ id, ownerId }) => (isUuid(id) ? findSigning(query, id, ownerId) : undefined),
    allowsJobUrls: (ownerId) => allowsJobUrls(query, ownerId),
    listDeliveries: (filter) => listOwnersDeliveries(query, filter),
    listJobsDeliveries: async (jobId) => (isUuid(jobId) ? listJobsDeliveries(query, jobId) : []),
    redeliver: async ({ id, ownerId }) => (isUuid(id) ? redeliver(query, id, ownerId) : "not_found"),
    redeliverExhausted: (given) => redeliverExhausted(query, given),
  };
}
