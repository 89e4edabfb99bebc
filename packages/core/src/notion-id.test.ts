import fc from "fast-check";
import { expect, it } from "vitest";
import { notionId } from "./notion-id.ts";

it("C-Q16 takes an id with and without dashes, in any case, and keeps 32 hex digits", () => {
  fc.assert(
    fc.property(fc.uuid(), fc.boolean(), fc.boolean(), (uuid, hasDashes, isUpper) => {
      const bare = uuid.replaceAll("-", "");
      const written = hasDashes ? uuid : bare;
      expect(notionId(isUpper ? written.toUpperCase() : written)).toBe(bare);
    }),
  );
});

it.each([
  "",
  "abc",
  "0123456789abcdef0123456789abcde",
  "0123456789abcdef0123456789abcdef0",
  "0123456789abcdef0123456789abcdeg",
  "01234567-89abcdef0123456789abcdef",
  "0123-456789abcdef-0123456789abcdef",
  "../0123456789abcdef0123456789abcdef",
])("C-Q16 takes nothing else: %j", (written) => {
  expect(notionId(written)).toBeUndefined();
});
