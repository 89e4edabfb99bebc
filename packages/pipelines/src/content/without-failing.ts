import { MillraceError, type StageWarning } from "@millrace/core";

/** What a step may do without: its failure becomes a warning and the job goes on. A stop of the stage itself passes. */
export async function withoutFailing<T>(
  act: () => Promise<T>,
  options: { readonly signal: AbortSignal; readonly code: string; readonly fallback: T },
): Promise<{ readonly value: T; readonly warnings: readonly StageWarning[] }> {
  try {
    return { value: await act(), warnings: [] };
  } catch (error) {
    options.signal.throwIfAborted();
    const message = error instanceof Error ? error.message.slice(0, 500) : "unknown error";
    const details = error instanceof MillraceError ? { error_code: error.code } : {};
    return { value: options.fallback, warnings: [{ code: options.code, message, details }] };
  }
}
