import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutPage, readCursor, writeCursor } from "./cursor.ts";

const position = fc.record({
  createdAt: fc.date({ min: new Date("2000-01-01"), max: new Date("2100-01-01"), noInvalidDate: true }),
  id: fc.uuid(),
});

describe("cursor", () => {
  it("comes back as it went out", () => {
    fc.assert(
      fc.property(position, (at) => {
        expect(readCursor(writeCursor(at))).toEqual(at);
      }),
    );
  });

  it("comes back with its rank, for a list of that order only", () => {
    fc.assert(
      fc.property(position, fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }), (at, rank) => {
        const cursor = writeCursor({ ...at, rank });
        expect(readCursor(cursor, true)).toEqual({ ...at, rank });
        expect(() => readCursor(cursor)).toThrow("another order");
        expect(() => readCursor(writeCursor(at), true)).toThrow("another order");
      }),
    );
  });

  it("A2.6 is refused when it is not one of ours", () => {
    const foreign = Buffer.from(JSON.stringify(["yesterday", "x"])).toString("base64url");
    const yearZero = writeCursor({ createdAt: new Date("0000-06-01"), id: "0199a7f0-0000-7000-8000-000000000000" });
    for (const text of ["x", "!!!", "W10", foreign, yearZero, Buffer.from("{}").toString("base64url")]) {
      expect(() => readCursor(text), text).toThrow("cursor");
    }
    expect(readCursor(undefined)).toBeUndefined();
  });

  it("says where the next page starts only when there is one", () => {
    const rows = [1, 2, 3].map((n) => ({ createdAt: new Date(n), id: `00000000-0000-4000-8000-00000000000${n}` }));
    expect(cutPage(rows, 3)).toEqual({ page: rows, next: null });
    const { page, next } = cutPage(rows, 2);
    expect(page).toEqual(rows.slice(0, 2));
    expect(readCursor(next ?? "")).toEqual(rows[1]);
  });
});
