import { StoreUnavailableError } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { isContention, isOutage, toStoreError } from "./store-error.ts";

const withCode = (code: string) => Object.assign(new Error(code), { code });

describe("store errors", () => {
  it("knows an outage by its code, also inside an error that wraps it", () => {
    const outages = [
      "ECONNREFUSED",
      "CONNECTION_CLOSED",
      "CONNECT_TIMEOUT",
      "57P01",
      "57P03",
      "53300",
      "08006",
      "57014",
    ];
    for (const code of outages) {
      expect(isOutage(withCode(code)), code).toBe(true);
      expect(toStoreError(new Error("wrapped", { cause: withCode(code) }))).toBeInstanceOf(StoreUnavailableError);
    }
    expect(toStoreError(new AggregateError([withCode("ECONNREFUSED")]))).toMatchObject({ code: "STORE_UNAVAILABLE" });
  });

  it("leaves every other error as it is", () => {
    for (const error of [withCode("23505"), withCode("22P02"), new TypeError("x"), "text", undefined]) {
      expect(toStoreError(error)).toBe(error);
    }
    expect(isContention(withCode("40P01"))).toBe(true);
    expect(isContention(withCode("23505"))).toBe(false);
  });
});
