import { connect, createServer, type Server, type Socket } from "node:net";

export interface ProxyTarget {
  readonly host?: string;
  readonly port: number;
}

/**
 * pass: as if it were not there. refuse: nobody listens, what was open is reset. cut: connections are taken and reset.
 * swallow: connections are taken and stay open, but not a byte arrives on either side. delay: every byte arrives late.
 */
export type ProxyMode = "pass" | "refuse" | "cut" | "swallow" | { readonly delayMs: number };

export interface SwallowingProxy {
  readonly port: number;
  /** The target's URL with this proxy's address in it. */
  through(url: string): string;
  /** What was swallowed is lost: those connections stay silent also after a change back to pass. */
  set(mode: ProxyMode): Promise<void>;
  /** Connections open now. */
  connections(): number;
  close(): Promise<void>;
}

const HOST = "127.0.0.1";

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, HOST, () => {
      server.removeListener("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

/** A TCP proxy before a store, to take the network away from under a test. */
export async function swallowingProxy(target: ProxyTarget): Promise<SwallowingProxy> {
  let mode: ProxyMode = "pass";
  const pairs = new Set<{ client: Socket; upstream: Socket; isLost: boolean }>();

  const accept = (client: Socket): void => {
    client.on("error", () => {});
    if (mode === "cut" || mode === "refuse") {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(target.port, target.host ?? HOST);
    const pair = { client, upstream, isLost: mode === "swallow" };
    pairs.add(pair);
    const relay = (from: Socket, to: Socket): void => {
      from.on("data", (chunk) => {
        if (pair.isLost) return;
        if (typeof mode === "object") setTimeout(() => pair.isLost || to.destroyed || to.write(chunk), mode.delayMs);
        else to.write(chunk);
      });
      // A side that goes away in a swallowed connection must not be noticed on the other: no FIN gets through either.
      from.on("close", () => {
        if (!pair.isLost) to.destroy();
        if (client.destroyed && upstream.destroyed) pairs.delete(pair);
      });
    };
    upstream.on("error", () => {});
    relay(client, upstream);
    relay(upstream, client);
  };

  const server = createServer({ allowHalfOpen: false }, accept);
  const port = await listen(server, 0);

  const stopListening = (): Promise<void> =>
    new Promise((resolve) => (server.listening ? server.close(() => resolve()) : resolve()));
  const reset = (): void => {
    for (const { client, upstream } of pairs) {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    }
    pairs.clear();
  };

  return {
    port,
    through(url) {
      const changed = new URL(url);
      changed.hostname = HOST;
      changed.port = String(port);
      return changed.toString();
    },
    async set(next) {
      mode = next;
      if (next === "swallow") for (const pair of pairs) pair.isLost = true;
      if (next === "cut" || next === "refuse") reset();
      if (next === "refuse") await stopListening();
      else if (!server.listening) await listen(server, port);
    },
    connections: () => [...pairs].filter(({ client }) => !client.destroyed).length,
    async close() {
      mode = "refuse";
      reset();
      await stopListening();
    },
  };
}
