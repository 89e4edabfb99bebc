import { describe, expect, test } from "vitest";
import { splitFrontMatter, tagsOf } from "./front-matter.ts";

const codesOf = (text: string) => splitFrontMatter(text).warnings.map((warning) => warning.code);

describe("splitFrontMatter", () => {
  test("takes the fields off the text", () => {
    const { fields, body, warnings } = splitFrontMatter("---\ntitle: A\ntags: [x, y]\ndraft: true\n---\n\n# Body\n");
    expect(fields).toEqual({ title: "A", tags: ["x", "y"], draft: true });
    expect(body).toBe("# Body\n");
    expect(warnings).toEqual([]);
  });

  test.each(["no front matter", "text\n---\na: b\n---\n", "---\nnever closed", "----\na: b\n----\n"])(
    "leaves %j alone",
    (text) => {
      expect(splitFrontMatter(text)).toEqual({ fields: {}, body: text, warnings: [] });
    },
  );

  test("leaves a text between two rules alone", () => {
    const text = "---\njust words\n---\nmore";
    expect(splitFrontMatter(text)).toEqual({ fields: {}, body: text, warnings: [] });
  });

  test("reads an empty block as none", () => {
    expect(splitFrontMatter("---\n---\nbody")).toEqual({ fields: {}, body: "body", warnings: [] });
  });

  test("broken YAML means no metadata and a warning, not an error (A2.3 4c)", () => {
    const { fields, body, warnings } = splitFrontMatter("---\ntitle: [unclosed\n---\nbody");
    expect(fields).toEqual({});
    expect(body).toBe("body");
    expect(warnings.map((w) => w.code)).toEqual(["FRONT_MATTER_BROKEN"]);
  });

  test.each([
    ["JavaScript", "---js\n{ title: process.exit(1) }\n---\nbody", {}],
    ["a function tag", "---\nf: !!js/function 'function(){ return process.exit(1) }'\n---\nbody", expect.anything()],
    ["a merge key", "---\nbase: &b {x: 1}\nall: {<<: *b}\n---\nbody", expect.anything()],
  ])("never runs code: %s", (_, text, fields) => {
    expect(splitFrontMatter(text).fields).toEqual(fields);
  });

  test("a key named __proto__ changes nobody's prototype", () => {
    const { fields } = splitFrontMatter("---\n__proto__: {polluted: yes}\nconstructor: x\n---\nbody");
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(fields)).toBe(Object.prototype);
  });

  test("refuses an alias bomb quickly", () => {
    const names = [..."bcdefghij"];
    const layers = names.map((name, n) => `${name}: &${name} [${`*${n === 0 ? "a" : names[n - 1]},`.repeat(9)}]`);
    const text = `---\na: &a [${"x,".repeat(9)}]\n${layers.join("\n")}\n---\nbody`;
    expect(codesOf(text)).toEqual(["FRONT_MATTER_BROKEN"]);
  });

  test("refuses YAML that nests without end", () => {
    expect(codesOf(`---\na: ${"[".repeat(30_000)}\n---\nbody`)).toEqual(["FRONT_MATTER_BROKEN"]);
  });

  test("leaves out more YAML than a person writes, and keeps the text", () => {
    const result = splitFrontMatter(`---\n${"key: value\n".repeat(100_000)}---\nbody`);
    expect(result).toMatchObject({ fields: {}, body: "body", warnings: [{ code: "FRONT_MATTER_TOO_LARGE" }] });
  });

  test("keeps title and tags of fields that are too much to keep", () => {
    const long = `---\ntitle: T\ntags: [x]\n${Array.from({ length: 60 }, (_, n) => `k${n}: ${"v".repeat(900)}`).join("\n")}\n---\nbody`;
    const { fields, warnings } = splitFrontMatter(long);
    expect(fields).toEqual({ title: "T", tags: ["x"] });
    expect(warnings.map((w) => w.code)).toEqual(["FRONT_MATTER_TOO_LARGE"]);
  });

  test("fields hold nothing that a JSON column refuses", () => {
    const { fields } = splitFrontMatter('---\na: "x\\0y"\nb: "\\ud800"\nc: .nan\nd: .inf\n---\nbody');
    expect(fields).toEqual({ a: "xy", b: "\uFFFD", c: null, d: null });
  });
});

test.each([
  [
    ["a", "b "],
    ["a", "b"],
  ],
  ["a, b,,c", ["a", "b", "c"]],
  [
    [2024, true, { x: 1 }, "ok"],
    ["2024", "ok"],
  ],
  [undefined, []],
  [{ a: 1 }, []],
])("tagsOf(%j)", (value, tags) => {
  expect(tagsOf(value)).toEqual(tags);
});
