/**
 * What went wrong with a credential or the keys that seal it:
 * - `key_invalid`: a key is not 32 bytes, or two keys have one id;
 * - `not_sealable`: an empty or oversized credential, or a channel or name that is empty;
 * - `not_sealed`: the text is no sealed credential, or one of a later version;
 * - `key_unknown`: sealed with a key that is not among the keys given;
 * - `not_authentic`: tampered with, sealed with another key of the same id, or for another channel or name.
 */
export type CredentialProblem = "key_invalid" | "not_sealable" | "not_sealed" | "key_unknown" | "not_authentic";

/** Its message never holds a credential, a key or a sealed text. */
export class CredentialError extends Error {
  override readonly name = "CredentialError";
  readonly problem: CredentialProblem;

  constructor(problem: CredentialProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}
