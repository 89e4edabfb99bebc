import { connect, createServer, type Server, type Socket } from "node:net";

export interface ProxyTarget {
  readonly host?: string;
  readonly port: number;
}

/**
 * pass: as if it were not there. refuse: nobody listens, what was open is reset. cut: connections are taken and reset.
 * swallow: connections are taken and stay open, but not a byte arrives on either side. half_open: what the client sends
 * arrives and is acted upon, no answer comes back. delay: every byte arrives late.
 */
export type ProxyMode = "pass" | "refuse" | "cut" | "swallow" | "half_open" | { readonly delayMs: number };

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

interface Pair {
  readonly client: Socket;
  readonly upstream: Socket;
  isLost: boolean;
  isMute: boolean;
}

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

/** Passes chunks on after their delay; one with a shorter delay waits behind those before it, so bytes keep their order. */
function inOrder(write: (chunk: Buffer) => void): (chunk: Buffer, delayMs: number) => void {
  const waiting: { readonly chunk: Buffer; readonly at: number }[] = [];
  const release = (): void => {
    while (waiting[0] !== undefined && waiting[0].at <= performance.now()) write(waiting.shift()!.chunk);
    if (waiting[0] !== undefined) setTimeout(release, Math.ceil(waiting[0].at - performance.now()));
  };
  return (chunk, delayMs) => {
    if (delayMs === 0 && waiting.length === 0) return write(chunk);
    waiting.push({ chunk, at: performance.now() + delayMs });
    if (waiting.length === 1) setTimeout(release, delayMs);
  };
}

/** A TCP proxy before a store, to take the network away from under a test. */
export async function swallowingProxy(target: ProxyTarget): Promise<SwallowingProxy> {
  let mode: ProxyMode = "pass";
  const pairs = new Set<Pair>();

  const accept = (client: Socket): void => {
    client.on("error", () => {});
    if (mode === "cut" || mode === "refuse") {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(target.port, target.host ?? HOST);
    const pair: Pair = { client, upstream, isLost: mode === "swallow", isMute: mode === "half_open" };
    pairs.add(pair);
    const relay = (
      from: Socket,
      to: Socket,
      silentMode: (now: ProxyMode) => boolean,
      isDropped: () => boolean,
    ): void => {
      const send = inOrder((chunk) => {
        if (!isDropped() && !to.destroyed) to.write(chunk);
      });
      from.on("data", (chunk) => {
        if (!isDropped()) send(chunk, typeof mode === "object" ? mode.delayMs : 0);
      });
      // A side that goes away in silence must not be noticed on the other before the network is back: no FIN gets through.
      from.on("close", () => {
        if (!silentMode(mode)) to.destroy();
        if (client.destroyed && upstream.destroyed) pairs.delete(pair);
      });
    };
    upstream.on("error", () => {});
    relay(
      client,
      upstream,
      (now) => now === "swallow",
      () => pair.isLost,
    );
    relay(
      upstream,
      client,
      (now) => now === "swallow" || now === "half_open",
      () => pair.isLost || pair.isMute,
    );
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
      for (const pair of pairs) {
        if (next === "swallow") pair.isLost = true;
        if (next === "half_open") pair.isMute = true;
        // the network is back: what one side closed meanwhile the other learns now
        if (next === "pass" && pair.client.destroyed) pair.upstream.destroy();
        if (next === "pass" && pair.upstream.destroyed) pair.client.destroy();
      }
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
