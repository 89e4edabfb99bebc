import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { AbstractConnector, type RedisOptions } from "ioredis";

/**
 * Connects as ioredis does, and sends what one turn of the event loop wrote as one packet. A batch of stage commits ends
 * a hundred tickets in the same turn; as a hundred writes they woke Redis a hundred times (measured: a third of a worker's
 * time). Nothing waits longer for its answer, unlike with ioredis' own pipelining, which answers a batch when it is whole.
 */
export class BatchingConnector extends AbstractConnector {
  private readonly options: RedisOptions;

  constructor(given: unknown) {
    const options = given as RedisOptions;
    super(options.disconnectTimeout ?? DISCONNECT_TIMEOUT_MS);
    this.options = options;
  }

  connect(): Promise<Socket> {
    this.connecting = true;
    return new Promise((resolve, reject) => {
      process.nextTick(() => {
        if (!this.connecting) {
          reject(new Error("Connection is closed."));
          return;
        }
        const socket = openSocket(this.options);
        socket.once("error", (error) => {
          this.firstError = error;
        });
        this.stream = socket;
        resolve(socket);
      });
    });
  }
}

const DISCONNECT_TIMEOUT_MS = 2_000;

function openSocket({ path, host, port, family, tls }: RedisOptions): Socket {
  const target = path ? { path } : { host: host ?? "127.0.0.1", port: port ?? 6_379, ...(family && { family }) };
  const socket = tls ? connectTls({ ...target, ...tls }) : connectPlain(target);
  return writeOncePerTurn(socket);
}

function writeOncePerTurn(socket: Socket): Socket {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  let isCorked = false;
  const release = (): void => {
    isCorked = false;
    socket.uncork();
  };
  socket.write = (...args: unknown[]) => {
    if (!isCorked) {
      isCorked = true;
      socket.cork();
      process.nextTick(release);
    }
    return write(...args);
  };
  return socket;
}
