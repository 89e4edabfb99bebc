import { type Deliveries, type DeliveriesNeeds, startDeliveries } from "@millrace/callbacks";
import { systemClock } from "@millrace/core";
import { createOutboundFetch } from "@millrace/providers";
import type { WorkerConfig } from "./config.ts";

const USER_AGENT = "Millrace/0.1 (callbacks)";

/** The pump of this worker; all workers' pumps share the work. Goes out through the same guard as the stages. */
export function wireCallbacks(
  config: WorkerConfig,
  { store, log }: Pick<DeliveriesNeeds, "store" | "log">,
): Deliveries {
  const outbound = createOutboundFetch({ userAgent: USER_AGENT, allowLoopback: config.ALLOW_LOOPBACK });
  return startDeliveries({
    store,
    log,
    post: (url, request) => outbound(url, { ...request, method: "POST", maxRedirects: 0, cutsBody: true }),
    clock: systemClock,
    random: Math.random,
  });
}
