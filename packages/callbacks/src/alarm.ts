/** A wait that can be cut short. A ring while nobody waits is kept for the next who does. */
export interface Alarm {
  wait(ms: number): Promise<void>;
  ring(): void;
}

export function createAlarm(): Alarm {
  let wake: (() => void) | undefined;
  let hasRung = false;
  return {
    wait: (ms) =>
      new Promise((resolve) => {
        if (hasRung) {
          hasRung = false;
          return resolve();
        }
        const end = (): void => {
          clearTimeout(timer);
          wake = undefined;
          resolve();
        };
        const timer = setTimeout(end, ms);
        wake = end;
      }),
    ring: () => {
      if (wake === undefined) hasRung = true;
      else wake();
    },
  };
}
