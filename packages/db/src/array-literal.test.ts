import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arrayLiteral } from "./array-literal.ts";
import { storeUnderTest } from "./job-store.fixture.ts";

const t = storeUnderTest();

describe("arrayLiteral", () => {
  it("is read by Postgres as what was written", async () => {
    const texts = fc.array(fc.option(fc.string({ unit: "binary" }).filter((s) => !/[\0\p{Surrogate}]/u.test(s))));
    await fc.assert(
      fc.asyncProperty(texts, async (items) => {
        const [row] = await t.db.query<{ items: unknown }>("select to_jsonb($1::text[]) as items", [
          arrayLiteral(items),
        ]);
        expect(row?.items).toEqual(items);
      }),
      { numRuns: 30 },
    );
  });

  it("takes numbers, booleans, instants and nulls", async () => {
    const at = new Date();
    const [row] = await t.db.query(
      "select to_jsonb($1::int[]) a, to_jsonb($2::bool[]) b, ($3::timestamptz[])[1] = $4::timestamptz as c",
      [arrayLiteral([1, null, -3]), arrayLiteral([true, false, null]), arrayLiteral([at]), at.toISOString()],
    );
    expect(row).toEqual({ a: [1, null, -3], b: [true, false, null], c: true });
  });
});
