import { StoreUnavailableError, silentLog } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { createPersist } from "./persist.ts";

const watching = () => {
  const seen: string[] = [];
  return { seen, watch: { lost: () => seen.push("lost"), found: () => seen.push("found") } };
};
const never = new AbortController().signal;

describe("createPersist", () => {
  it("repeats until the store answers and tells both turns", async () => {
    const { seen, watch } = watching();
    let calls = 0;
    const write = async () => {
      calls++;
      if (calls < 3) throw new StoreUnavailableError("away");
      return "written";
    };
    expect(await createPersist(silentLog, watch)(write, never)).toBe("written");
    expect({ calls, seen }).toEqual({ calls: 3, seen: ["lost", "found"] });
  });

  it("passes any other error on at once", async () => {
    const { seen, watch } = watching();
    const write = () => Promise.reject(new TypeError("a defect"));
    await expect(createPersist(silentLog, watch)(write, never)).rejects.toThrow("a defect");
    expect(seen).toEqual([]);
  });

  it("gives up when told to stop, without an answer", async () => {
    const { watch } = watching();
    const stop = new AbortController();
    const answer = createPersist(silentLog, watch)(
      () => Promise.reject(new StoreUnavailableError("away")),
      stop.signal,
    );
    stop.abort();
    expect(await answer).toBeUndefined();
  });
});
