import { silentLog } from "@millrace/core";
import { connectQueue, type QueueAddress, type QueueTimings } from "./index.ts";

// A worker process of its own, for a test to kill: takes tickets of the lane io, says which, and never answers.
const [address, prefix, timings] = JSON.parse(process.argv[2] ?? "[]") as [QueueAddress, string, QueueTimings];
const queue = await connectQueue(address, { role: "worker", log: silentLog, prefix, timings });
queue.consume("io", {
  concurrency: 5,
  work(ticket) {
    process.stdout.write(`${ticket.jobId}\n`);
    return new Promise(() => {});
  },
});
