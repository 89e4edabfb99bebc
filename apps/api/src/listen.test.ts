import { EventEmitter, once } from "node:events";
import { get } from "node:http";
import express from "express";
import { describe, expect, it } from "vitest";
import type { Api } from "./create-api.ts";
import { listen } from "./listen.ts";

/** An app whose answer comes when the test says so. */
function heldApi() {
  const signals = new EventEmitter();
  const arrived = once(signals, "arrived");
  let isStopping = false;
  const app = express();
  app.get("/", async (_request, response) => {
    const released = once(signals, "release");
    signals.emit("arrived");
    await released;
    response.end(isStopping ? "late" : "early");
  });
  const api: Api = {
    app,
    startStopping: () => {
      isStopping = true;
    },
    close: () => {},
  };
  return { api, arrived, release: () => signals.emit("release") };
}

describe("stop", () => {
  it("takes nothing new, but answers what is under way", async () => {
    const { api, arrived, release } = heldApi();
    const server = await listen(api, { host: "127.0.0.1", port: 0 });
    const url = `http://127.0.0.1:${server.port}/`;
    const answer = fetch(url).then((response) => response.text());
    await arrived;
    const stopped = server.stop(60_000);
    await expect(fetch(url)).rejects.toThrow();
    release();
    expect(await answer).toBe("late");
    expect(await stopped).toBe(true);
  });

  it("cuts off at the deadline what does not end, and says so", async () => {
    const { api, arrived } = heldApi();
    const server = await listen(api, { host: "127.0.0.1", port: 0 });
    const request = get(`http://127.0.0.1:${server.port}/`);
    const failed = once(request, "error");
    await arrived;
    expect(await server.stop(10)).toBe(false);
    await failed;
  });
});
