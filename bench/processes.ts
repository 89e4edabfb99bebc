import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

export interface Running {
  readonly port: number;
  readonly process: ChildProcess;
}

/** The flags production runs with (`millrace up`, the container image), for every system alike. */
const NODE_FLAGS = ["--max-semi-space-size=64"];

/** Starts a server process and waits until it says its port. */
export async function startServer(file: string, env: Record<string, string>): Promise<Running> {
  const isSource = file.endsWith(".ts");
  const child = fork(file, [], {
    env: { ...process.env, NODE_ENV: "production", NODE_OPTIONS: "", ...env },
    execArgv: [...NODE_FLAGS, ...(isSource ? ["--import", "tsx"] : [])],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ready = once(child, "message") as Promise<[{ port: number }]>;
  const died = once(child, "exit").then(([code]) =>
    Promise.reject(new Error(`${file} ended with ${code} before it was ready`)),
  );
  const [message] = await Promise.race([ready, died]);
  died.catch(() => {});
  return { port: message.port, process: child };
}

export async function stopAll(servers: readonly Running[]): Promise<void> {
  await Promise.all(
    servers.map(async ({ process: child }) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(timer);
    }),
  );
}

export interface LoadResult {
  readonly started: number;
  readonly ended: number;
  readonly refused: number;
}

/** Runs the load generator in its own process. */
export async function runLoad(load: {
  port: number;
  amount: number;
  connections: number;
  run: string;
  apiKey: string;
}): Promise<LoadResult> {
  const args = [`http://127.0.0.1:${load.port}`, String(load.amount), String(load.connections), load.run];
  const child = fork("bench/servers/load.ts", args, {
    env: { ...process.env, API_KEY: load.apiKey },
    execArgv: ["--import", "tsx"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const [result] = (await once(child, "message")) as [LoadResult];
  return result;
}
