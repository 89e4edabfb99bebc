import { collectLogs } from "@millrace/testing";
import { describe, expect, it } from "vitest";
import { createChores } from "./chores.ts";

describe("createChores", () => {
  it("starts each when it is due, and none a second time while it is under way", async () => {
    const { log } = collectLogs();
    const runs: string[] = [];
    let end = (): void => {};
    const chores = createChores(
      [
        { name: "quick", everyMs: 100, run: async () => void runs.push("quick") },
        {
          name: "long",
          everyMs: 100,
          run: () => {
            runs.push("long");
            return new Promise((resolve) => {
              end = resolve;
            });
          },
        },
      ],
      log,
    );
    const at = async (now: number): Promise<void> => {
      chores.startDue(now);
      await new Promise(setImmediate);
    };
    await at(1);
    await at(100);
    await at(101);
    expect(runs).toEqual(["quick", "long", "quick"]);
    end();
    await new Promise(setImmediate);
    await at(200);
    expect(runs).toEqual(["quick", "long", "quick", "long"]);
    end();
    await chores.stop();
  });

  it("logs one that fails and tries it again next time", async () => {
    const { log, lines } = collectLogs();
    const chores = createChores([{ name: "bad", everyMs: 1, run: () => Promise.reject(new Error("no")) }], log);
    for (const now of [1, 2]) {
      chores.startDue(now);
      await new Promise(setImmediate);
    }
    expect(lines.map((l) => l.fields["chore"])).toEqual(["bad", "bad"]);
    await chores.stop();
  });

  it("tells what is under way to stop, waits for it, and starts nothing after that", async () => {
    const { log } = collectLogs();
    const said: string[] = [];
    const run = (signal: AbortSignal): Promise<void> =>
      new Promise((resolve) =>
        signal.addEventListener("abort", () => {
          said.push("stopped");
          resolve();
        }),
      );
    const chores = createChores([{ name: "long", everyMs: 1, run }], log);
    chores.startDue(1);
    await chores.stop();
    chores.startDue(100);
    expect(said).toEqual(["stopped"]);
  });
});
