/** Time as an argument: pure code gets instants, edges get this. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
