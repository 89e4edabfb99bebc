import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseTags, isSameTag, isTag, normaliseTag } from "./tags.ts";

const used = (...names: string[]) => ({ tags: names.map((name) => ({ name, count: 1 })), aliases: [] });

describe("isTag (A2.4)", () => {
  it.each(["a", "redis", "job-queue", "http2", "a-"])("takes %j", (tag) => expect(isTag(tag)).toBe(true));
  it.each(["", "Redis", "2fa", "-a", "a b", "a_b", "é", "a.b", "c++", "a\n", "x".repeat(51)])("refuses %j", (tag) =>
    expect(isTag(tag)).toBe(false),
  );
});

describe("isSameTag: A2.4's distance of 2, in proportion", () => {
  const same = (left: string, right: string) => isSameTag(normaliseTag(left), normaliseTag(right));

  it.each([
    ["machine-learning", "machine_learning"],
    ["machine-learning", "Machine Learning"],
    ["machine-learning", "machine-lerning"],
    ["kubernetes", "kubernets"],
    ["kubernetes", "kubernete"],
    ["databases", "database"],
    ["api", "apis"],
    ["agent", "agents"],
    ["postgresql", "postgresq"],
    ["optimization", "optimisation"],
  ])("%s is %s", (left, right) => {
    expect(same(left, right)).toBe(true);
    expect(same(right, left)).toBe(true);
  });

  it.each([
    ["go", "ai"],
    ["go", "c"],
    ["ai", "ais"],
    ["code", "node"],
    ["rest", "rust"],
    ["http2", "http3"],
    ["python2", "python3"],
    ["ipv4", "ipv6"],
    ["docker", "locker"],
    ["encoding", "decoding"],
    ["structured", "unstructured"],
    ["redis", "radio"],
    ["react", "redux"],
    ["java", "javascript"],
  ])("%s is not %s", (left, right) => {
    expect(same(left, right)).toBe(false);
    expect(same(right, left)).toBe(false);
  });
});

describe("chooseTags (A2.4)", () => {
  it("writes a tag as the owner does and records the variant as an alias", () => {
    expect(
      chooseTags(["machinelearning", "kubernets", "redis"], used("machine-learning", "kubernetes", "redis"), 3),
    ).toEqual({
      tags: ["machine-learning", "kubernetes", "redis"],
      newTags: [],
      aliases: [
        { variant: "machinelearning", canonical: "machine-learning" },
        { variant: "kubernets", canonical: "kubernetes" },
      ],
    });
  });

  it("follows aliases recorded earlier, which no distance would find", () => {
    const context = { ...used("kubernetes"), aliases: [{ variant: "k8s", canonical: "kubernetes" }] };
    expect(chooseTags(["k8s"], context, 3)).toEqual({
      tags: ["kubernetes"],
      newTags: [],
      aliases: [{ variant: "k8s", canonical: "kubernetes" }],
    });
  });

  it("prefers the exact spelling, then the nearest, then the more used", () => {
    const tags = [
      { name: "work-flow", count: 1 },
      { name: "workflow", count: 9 },
      { name: "workflows", count: 1 },
    ];
    const choose = (tag: string) => chooseTags([tag], { tags, aliases: [] }, 3).tags[0];
    expect(choose("work-flow")).toBe("work-flow");
    expect(choose("work_flow")).toBe("workflow");
    expect(choose("workflowss")).toBe("workflows");
  });

  it("lets at most maxNewTags new tags in, and goes on with known ones after them", () => {
    const { tags, newTags } = chooseTags(["one", "two", "six", "ten", "redis"], used("redis"), 3);
    expect(newTags).toEqual(["one", "two", "six"]);
    expect(tags).toEqual(["one", "two", "six", "redis"]);
    expect(chooseTags(["one"], used(), 0).tags).toEqual([]);
  });

  it("drops what is no tag, does not invent another spelling for it, and drops repetitions", () => {
    expect(chooseTags(["Not A Tag", "c++", "", "  ", "日本語", "queue", "queue", "queues"], used(), 5).tags).toEqual([
      "queue",
    ]);
  });

  it("keeps ten of many", () => {
    const names = Array.from({ length: 30 }, (_, index) =>
      `tag-${String.fromCharCode(97 + index)}x${index}`.replace(/[^a-z0-9-]/g, "q"),
    );
    expect(chooseTags(names, used(...names), 3).tags).toHaveLength(10);
  });

  it("ignores a known tag or an alias that is itself no tag", () => {
    const context = { tags: [{ name: "Bad Tag", count: 5 }], aliases: [{ variant: "queue", canonical: "Also Bad" }] };
    expect(chooseTags(["badtag", "queue"], context, 3)).toEqual({
      tags: ["badtag", "queue"],
      newTags: ["badtag", "queue"],
      aliases: [],
    });
  });

  it("holds its limits for any words", () => {
    const word = fc.oneof(fc.string({ unit: "binary", maxLength: 12 }), fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/));
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 80 }),
        fc.array(word, { maxLength: 20 }),
        fc.nat(5),
        (proposals, known, max) => {
          const { tags, newTags } = chooseTags(proposals, used(...known), max);
          expect(tags.every(isTag)).toBe(true);
          expect(new Set(tags).size).toBe(tags.length);
          expect(tags.length).toBeLessThanOrEqual(10);
          expect(newTags.length).toBeLessThanOrEqual(max);
          for (const tag of tags) expect(newTags.includes(tag)).toBe(!known.includes(tag));
        },
      ),
    );
  });
});
