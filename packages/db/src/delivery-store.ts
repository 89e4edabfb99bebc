import type { DeliveryStore } from "@millrace/core";
import type { Database } from "./database.ts";
import { giveBackDeliveries, recordAttempt, takeDeliveries } from "./statements/callback-pump.ts";

/** The pump's side of callbacks. */
export function createDeliveryStore({ query }: Database): DeliveryStore {
  return {
    take: (request) => takeDeliveries(query, request),
    record: (record, limits) => recordAttempt(query, record, limits),
    giveBack: async (taken) => {
      if (taken.length > 0) await giveBackDeliveries(query, taken);
    },
  };
}
