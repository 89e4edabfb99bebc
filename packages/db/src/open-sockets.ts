import net from "node:net";
import { setTimeout as pause } from "node:timers/promises";

interface SocketTarget {
  readonly host: readonly string[];
  readonly port: readonly number[];
  readonly path?: string | false | undefined;
}

/** The sockets of one pool: postgres.js has no time limit of its own, so the pool must be able to cut a silent one. */
export interface OpenSockets {
  /** postgres.js' `socket` option. */
  open(target: SocketTarget): Promise<net.Socket>;
  /** How much each open socket has read so far. */
  readCounts(): Map<net.Socket, number>;
  /** Destroys those that have read nothing since `before`. An idle one among them is simply made again. */
  destroySilent(before: ReadonlyMap<net.Socket, number>): void;
  /** Destroys all, and every one that is still asked for. */
  close(): void;
}

/** A server that is starting ends connections at once; postgres.js would connect again without a pause. */
const SHORT_LIFE_MS = 100;
const PAUSE_AFTER_SHORT_LIFE_MS = 50;

export function openSockets(keepAliveMs: number): OpenSockets {
  const sockets = new Set<net.Socket>();
  let turn = 0;
  let isClosed = false;
  let lastWasShort = false;

  function live(): net.Socket[] {
    for (const socket of sockets) if (socket.destroyed) sockets.delete(socket);
    return [...sockets];
  }

  function newSocket(): net.Socket {
    const socket = new net.Socket();
    const openedAt = performance.now();
    socket.setKeepAlive(true, keepAliveMs);
    socket.setNoDelay(true);
    socket.once("close", () => {
      lastWasShort = performance.now() - openedAt < SHORT_LIFE_MS;
    });
    // postgres.js 3.4.9 does not reject what it sent between the events `error` and `close` if `close` says that there
    // was an error (those queries never end), so it is not told.
    const emit = socket.emit.bind(socket) as (event: string | symbol, ...values: unknown[]) => boolean;
    socket.emit = (event: string | symbol, ...values: unknown[]) =>
      event === "close" ? emit(event, false) : emit(event, ...values);
    live();
    sockets.add(socket);
    return socket;
  }

  return {
    async open(target) {
      if (lastWasShort) await pause(PAUSE_AFTER_SHORT_LIFE_MS);
      const socket = newSocket();
      if (isClosed) return socket.destroy();
      // postgres.js writes its start-up message at once; node keeps it until the connection stands
      if (target.path) return socket.connect(target.path);
      const at = turn++ % target.host.length;
      return socket.connect(target.port[at] ?? 5432, target.host[at] ?? "localhost");
    },

    readCounts: () => new Map(live().map((socket) => [socket, socket.bytesRead])),

    destroySilent(before) {
      for (const socket of live()) {
        if (before.get(socket) === socket.bytesRead) {
          socket.destroy(Object.assign(new Error("Postgres fell silent"), { code: "ETIMEDOUT" }));
        }
      }
    },

    close() {
      isClosed = true;
      for (const socket of live()) socket.destroy();
    },
  };
}
