import { expect, test } from "vitest";
import { findTitles } from "./find-titles.ts";

const titles = (source: string) => findTitles(source).map(({ text, line, tests }) => [text, line, tests]);

test("finds plain, each and conditional titles, and counts the tests below a describe", () => {
  const source = `
describe("A-S01 outer", () => {
  it("one (A-S02)", async () => expect(f(")")).toBe(1));
  test.each([
    ["a)", 1],
  ])("two \\"quoted\\" %s", () => {});
  describe.skipIf(isAway)("inner", () => {
    it('three', { timeout: 1 }, () => {});
  });
});
test.each<[string]>([["x"]])("with a type", () => {});
test(\`four \${name}\`, () => {});
`;
  expect(titles(source)).toEqual([
    ["A-S01 outer", 2, 3],
    ["one (A-S02)", 3, 1],
    ['two "quoted" %s', 4, 1],
    ["inner", 7, 1],
    ["three", 8, 1],
    [expect.stringMatching(/^four \$\{name\}$/), 12, 1],
  ]);
});

test("takes nothing for a test that is a comment, skipped for good, empty or a call of something else", () => {
  const source = `
// it("comment", () => {});
const text = 'it("string", () => {})';
it.skip("skipped", () => {});
it.todo("later");
describe("empty", () => {});
limit("other", () => {});
vi.it("member", () => {});
test(title, () => {});
`;
  expect(titles(source)).toEqual([]);
});
