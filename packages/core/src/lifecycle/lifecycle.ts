/** One arrow of a state machine. `by` is who may cause it. */
export interface Transition<S extends string, E extends string, A extends string> {
  readonly event: E;
  readonly from: readonly S[];
  readonly to: S | "same";
  readonly by: A;
}

/** A state machine as data: what is not in `transitions` cannot happen. */
export interface Lifecycle<S extends string, E extends string, A extends string> {
  readonly name: string;
  readonly states: readonly S[];
  readonly initial: S;
  readonly terminal: readonly S[];
  readonly transitions: readonly Transition<S, E, A>[];
}

/** The state after `event` in state `from`, or undefined where the table has no such arrow. */
export function nextState<S extends string, E extends string, A extends string>(
  lifecycle: Lifecycle<S, E, A>,
  from: S,
  event: E,
): S | undefined {
  const arrow = lifecycle.transitions.find((t) => t.event === event && t.from.includes(from));
  if (arrow === undefined) return undefined;
  return arrow.to === "same" ? from : arrow.to;
}
