import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { QueueAddress, QueueTimings } from "./index.ts";

const SCRIPT = fileURLToPath(new URL("./hold-tickets.contract.ts", import.meta.url));

export interface TicketHolder {
  /** Job ids of the tickets it has in hand. */
  held(): readonly string[];
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
}

/** Starts a worker process that takes tickets of the lane io and never answers. */
export async function startTicketHolder(
  address: QueueAddress,
  prefix: string,
  timings: QueueTimings,
): Promise<TicketHolder> {
  const args = ["--conditions=millrace-source", "--import", "tsx", SCRIPT, JSON.stringify([address, prefix, timings])];
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await once(child, "spawn");
  return {
    held: () => output.split("\n").filter((line) => line !== ""),
    async kill() {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
}
