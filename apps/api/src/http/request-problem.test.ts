import { describe, expect, it } from "vitest";
import { z } from "zod";
import { problemOf } from "./problem-of.ts";
import { problemOfZodError } from "./request-problem.ts";

const schema = z.strictObject({ items: z.array(z.strictObject({ url: z.url() })).min(1), n: z.int() });
const problemFor = (value: unknown, prefix?: string) => {
  const { error } = schema.safeParse(value);
  if (error === undefined) throw new Error("the value fits");
  return problemOf(problemOfZodError(error, prefix), "r-1").problem;
};

describe("problemOfZodError", () => {
  it("names every field by its path and the rule it breaks", () => {
    const { errors } = problemFor({ items: [{ url: "https://a.example" }, { url: 7, x: 1 }], n: "1" });
    expect(errors?.map(({ field, rule }) => `${field} ${rule}`)).toEqual([
      "items[1].url invalid_type",
      "items[1].x unknown_field",
      "n invalid_type",
    ]);
  });

  it("puts the part of the request in front", () => {
    expect(problemFor({ n: 1 }, "input").errors?.[0]?.field).toBe("input.items");
    expect(problemFor(7, "input").errors?.[0]?.field).toBe("input");
    expect(problemFor([]).errors?.[0]?.field).toBe("body");
  });
});

describe("problemOf", () => {
  it("tells nothing of an unforeseen error's inside", () => {
    const thrown = new Error("password=hunter2");
    const { problem, unexpected } = problemOf(thrown, "r-7");
    expect(problem).toEqual({
      type: "urn:millrace:error:INTERNAL",
      title: "Something went wrong here",
      status: 500,
      detail: "An unforeseen error; quote request_id r-7.",
      code: "INTERNAL",
      request_id: "r-7",
    });
    expect(unexpected).toBe(thrown);
  });
});
