import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Api } from "./create-api.ts";

/** Longer than the idle time of common proxies (60 s), so that they never send into a connection that is being closed. */
const KEEP_ALIVE_MS = 65_000;

const SWEEP_MS = 20;

export interface Listening {
  readonly port: number;
  /** Takes no more requests and waits for those under way; false when some had to be cut off at the deadline. */
  stop(timeoutMs: number): Promise<boolean>;
}

export async function listen(api: Api, address: { readonly host: string; readonly port: number }): Promise<Listening> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, api.app);
  server.listen(address.port, address.host);
  await once(server, "listening");

  return {
    port: (server.address() as AddressInfo).port,
    async stop(timeoutMs) {
      api.startStopping();
      let isClean = true;
      const closed = once(server, "close");
      server.close();
      // a kept connection whose last request was under way becomes idle only later
      const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
      const deadline = setTimeout(() => {
        isClean = false;
        server.closeAllConnections();
      }, timeoutMs);
      await closed;
      clearInterval(sweep);
      clearTimeout(deadline);
      api.close();
      return isClean;
    },
  };
}
