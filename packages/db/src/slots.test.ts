import { describe, expect, it } from "vitest";
import { slots } from "./slots.ts";

describe("slots", () => {
  it("starts as many as there are, then in order of arrival, and forgets who left the queue", () => {
    const pool = slots(2);
    const started: string[] = [];
    const release = new Map<string, () => void>();
    const ask = (name: string) =>
      pool.take((done) => {
        started.push(name);
        release.set(name, done);
      });
    ask("a");
    ask("b");
    ask("c");
    const leave = ask("d");
    ask("e");
    leave();
    expect(started).toEqual(["a", "b"]);
    release.get("a")!();
    release.get("a")!();
    expect(started).toEqual(["a", "b", "c"]);
    release.get("b")!();
    expect(started).toEqual(["a", "b", "c", "e"]);
  });

  it("tells when all work is done, or that time is up", async () => {
    const pool = slots(1);
    await pool.whenIdle(60_000);
    let release = () => {};
    pool.take((done) => {
      release = done;
    });
    await pool.whenIdle(1);
    const idle = pool.whenIdle(60_000);
    release();
    await idle;
  });
});
