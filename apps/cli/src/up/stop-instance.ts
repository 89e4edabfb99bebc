import type { Instance } from "./bring-up.ts";
import type { StopSignals } from "./stop-signals.ts";

/** Stops in order; a second request to stop ends the programs at once. */
export async function stopInstance(instance: Instance, signals: StopSignals): Promise<void> {
  const rush = (): void => instance.kill();
  signals.second.addEventListener("abort", rush, { once: true });
  await instance.stop();
  signals.second.removeEventListener("abort", rush);
}
