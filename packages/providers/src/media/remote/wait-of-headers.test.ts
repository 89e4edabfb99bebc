import { expect, it } from "vitest";
import { waitOfHeaders } from "./wait-of-headers.ts";

const now = new Date("2026-03-01T10:00:00Z");

it.each([
  [{}, undefined],
  [{ "retry-after": "12" }, 12_000],
  [{ "retry-after": "Sun, 01 Mar 2026 10:00:20 GMT", date: "Sun, 01 Mar 2026 10:00:00 GMT" }, 20_000],
  [{ "retry-after": "3", "ratelimit-reset": "50" }, 3_000],
  [{ "ratelimit-reset": "50" }, 50_000],
  [{ ratelimit: '"default";r=0;t=30' }, 30_000],
  [{ ratelimit: "limit=10, remaining=0, reset=7" }, 7_000],
  [{ "x-ratelimit-reset": String(now.getTime() / 1_000 + 5) }, 5_000],
  [{ "x-ratelimit-reset": String(now.getTime() + 4_000) }, 4_000],
  [{ "x-ratelimit-reset": String(now.getTime() / 1_000 - 5) }, 0],
  [{ "x-ratelimit-reset": "soon" }, undefined],
  [{ "x-ratelimit-reset": "999999" }, 86_400_000],
])("%j asks to wait %s ms", (headers, expected) => {
  expect(waitOfHeaders(headers as Record<string, string>, now)).toBe(expected);
});
