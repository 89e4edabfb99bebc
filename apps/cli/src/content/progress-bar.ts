/** A bar that redraws itself on a terminal and is silent in a file or a pipe. */
export interface ProgressBar {
  show(done: number): void;
  /** Leaves the line to whoever writes next. */
  end(): void;
}

export interface BarScreen {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const WIDTH = 28;
const EVERY_MS = 100;

export function createProgressBar(screen: BarScreen, total: number, now: () => number = Date.now): ProgressBar {
  const startedAt = now();
  let shownAt = Number.NEGATIVE_INFINITY;
  return {
    show(done) {
      const at = now();
      if (screen.isTTY !== true || (done < total && at - shownAt < EVERY_MS)) return;
      shownAt = at;
      screen.write(`\r\u001b[K${barLine(done, total, at - startedAt)}`);
    },
    end() {
      if (screen.isTTY === true && shownAt > 0) screen.write("\n");
    },
  };
}

/** `[#########-------------------]  34 %  340 of 1000  52/s  13 s left` */
export function barLine(done: number, total: number, elapsedMs: number): string {
  const share = total === 0 ? 1 : done / total;
  const filled = Math.round(share * WIDTH);
  const rate = elapsedMs > 0 ? (done / elapsedMs) * 1_000 : 0;
  const left = rate > 0 && done < total ? `  ${Math.ceil((total - done) / rate)} s left` : "";
  const bar = `[${"#".repeat(filled)}${"-".repeat(WIDTH - filled)}]`;
  return `${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${done} of ${total}  ${rate.toFixed(0)}/s${left}`;
}
