const PAGE_BYTES = 65_536;
/** Emscripten asks for more than it needs and twice for less; when all three are refused, an allocation has failed. */
const TRIES = 3;

/** What a WebAssembly module may use: a drawing of 100 MB stays below it, a bomb does not take the machine. */
export const MAX_WASM_BYTES = 1536 * 1024 * 1024;

export interface MemoryCap {
  /** Whether something was not allocated: what came out after that is not whole, even where it looks so. */
  hasRunOut(): boolean;
}

/**
 * Makes every attempt to grow `memory` past `maxBytes` fail as if the machine had no more. A thread's heap limit does not
 * count what WebAssembly allocates; Emscripten grows its memory only through this method.
 */
export function capMemory(memory: WebAssembly.Memory, maxBytes: number): MemoryCap {
  let refusals = 0;
  let hasRunOut = false;
  const grow = memory.grow.bind(memory);
  memory.grow = (pages) => {
    if (memory.buffer.byteLength + pages * PAGE_BYTES <= maxBytes) {
      refusals = 0;
      return grow(pages);
    }
    refusals += 1;
    if (refusals >= TRIES) hasRunOut = true;
    throw new RangeError(`more than ${maxBytes} bytes of memory`);
  };
  return { hasRunOut: () => hasRunOut };
}
