import { describe, expect, test } from "vitest";
import { capMemory } from "./capped-memory.ts";

const PAGE = 65_536;

/** What a module sees of its memory. */
function memoryOf(pages: number): WebAssembly.Memory {
  let bytes = pages * PAGE;
  return {
    get buffer() {
      return new ArrayBuffer(bytes);
    },
    grow(more) {
      bytes += more * PAGE;
      return bytes / PAGE - more;
    },
  };
}

describe("a capped memory", () => {
  test("grows up to its cap and no further", () => {
    const memory = memoryOf(1);
    capMemory(memory, 3 * PAGE);
    expect(memory.grow(2)).toBe(1);
    expect(() => memory.grow(1)).toThrow(RangeError);
    expect(memory.buffer.byteLength).toBe(3 * PAGE);
  });

  test("has run out when all of three tries were refused, not when a larger wish was", () => {
    const memory = memoryOf(1);
    const { hasRunOut } = capMemory(memory, 2 * PAGE);
    for (let round = 0; round < 3; round += 1) {
      expect(() => memory.grow(5)).toThrow();
      expect(() => memory.grow(4)).toThrow();
      memory.grow(0);
    }
    expect(hasRunOut()).toBe(false);
    for (const pages of [5, 4, 3]) expect(() => memory.grow(pages)).toThrow();
    expect(hasRunOut()).toBe(true);
    memory.grow(1);
    expect(hasRunOut()).toBe(true);
  });
});
