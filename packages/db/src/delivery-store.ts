import type { DeliveryStore } from "@millrace/core";
import type { Database } from "./database.ts";
import { giveBackDeliveries, recordAttempt, takeDeliveries } from "./statements/callback-pump.ts";
import { isContention } from "./store-error.ts";

const TRIES = 5;

/** Pumps that record for one endpoint at the same time may lock each other out; Postgres then undoes one of them. */
async function repeatedWhenInTheWay<T>(statement: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await statement();
    } catch (error) {
      if (!isContention(error) || tried === TRIES) throw error;
    }
  }
}

/** The pump's side of callbacks. */
export function createDeliveryStore({ query }: Database): DeliveryStore {
  return {
    take: (request) => repeatedWhenInTheWay(() => takeDeliveries(query, request)),
    record: (record, limits) => repeatedWhenInTheWay(() => recordAttempt(query, record, limits)),
    giveBack: async (taken) => {
      if (taken.length > 0) await giveBackDeliveries(query, taken);
    },
  };
}
