/** A store that is running and that we may stop. */
export interface EmbeddedStore {
  readonly url: string;
  /** True when it was already running, left by an earlier start that did not stop it. */
  readonly adopted: boolean;
  /** One phrase for a person: which server this is and where it came from. */
  readonly how: string;
  readonly pid: number;
  stop(): Promise<void>;
}
