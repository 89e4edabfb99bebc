import { newSecret, sendTest } from "@millrace/callbacks";
import { systemClock } from "@millrace/core";
import type { CallbackStore } from "@millrace/db";
import { createOutboundFetch, isAddressAllowed } from "@millrace/providers";
import type { ApiConfig } from "./config.ts";
import type { CallbackNeeds } from "./endpoints/needs.ts";

const USER_AGENT = "Millrace/0.1 (callbacks)";

/** Test sends go out from here, through the guard that deliveries use. */
export function wireCallbacks(config: Pick<ApiConfig, "ALLOW_LOOPBACK">, store: CallbackStore): CallbackNeeds {
  const policy = { allowLoopback: config.ALLOW_LOOPBACK, allowedPrivateHosts: new Set<string>() };
  const outbound = createOutboundFetch({ userAgent: USER_AGENT, allowLoopback: config.ALLOW_LOOPBACK });
  return {
    store,
    newSecret,
    isAddressAllowed: (address) => isAddressAllowed(address, address, policy),
    sendTest: (signing) =>
      sendTest(signing, {
        post: (url, request) => outbound(url, { ...request, method: "POST", maxRedirects: 0, cutsBody: true }),
        clock: systemClock,
      }),
  };
}
