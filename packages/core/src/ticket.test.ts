import fc from "fast-check";
import { expect, test } from "vitest";
import { addressOfTicket, ticketId } from "./ticket.ts";

const positive = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const keys = fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("yt:dQw4w9WgXcQ", "123", "active", "wait", ""));

test("names the resource, the job's number and the dispatch", () => {
  expect(ticketId({ resourceKey: "yt:dQw4w9WgXcQ", seq: 1042, dispatchNo: 3 })).toBe("yt_dQw4w9WgXcQ.1042.3");
});

test("cuts a long resource key to 80 characters", () => {
  expect(ticketId({ resourceKey: "k".repeat(5_000), seq: 7, dispatchNo: 1 })).toBe(`${"k".repeat(80)}.7.1`);
});

test("any resource key gives an id the queue accepts: no colon, not a number, no reserved word, of bounded length", () => {
  fc.assert(
    fc.property(keys, positive, positive, (resourceKey, seq, dispatchNo) => {
      const id = ticketId({ resourceKey, seq, dispatchNo });
      expect(id).toMatch(/^[A-Za-z0-9_-]{1,80}\.\d+\.\d+$/);
      expect(Number.isNaN(Number(id))).toBe(true);
    }),
  );
});

test("two dispatches never share an id, whatever their keys are", () => {
  fc.assert(
    fc.property(keys, keys, positive, positive, positive, positive, (keyA, keyB, seqA, seqB, noA, noB) => {
      fc.pre(seqA !== seqB || noA !== noB);
      const a = ticketId({ resourceKey: keyA, seq: seqA, dispatchNo: noA });
      const b = ticketId({ resourceKey: keyB, seq: seqB, dispatchNo: noB });
      expect(a).not.toBe(b);
    }),
  );
});

test("an id can be read back into what gives the same id; any other text cannot", () => {
  fc.assert(
    fc.property(keys, positive, positive, (resourceKey, seq, dispatchNo) => {
      const id = ticketId({ resourceKey, seq, dispatchNo });
      expect(addressOfTicket(id)).toMatchObject({ seq, dispatchNo });
      expect(ticketId(addressOfTicket(id)!)).toBe(id);
    }),
  );
  for (const text of ["", "wait", "a.b.c", "a.1", "a:b.1.1", "a.1.1.1", "a.99999999999999999.1", "a.01.1"]) {
    expect(addressOfTicket(text)).toBeUndefined();
  }
});
