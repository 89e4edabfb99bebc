export interface SourceFile {
  /** From the repository's root, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** A rule that a file breaks. */
export interface Complaint {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** The path a relative specifier leads to. */
export function resolveRelative(path: string, specifier: string): string {
  return new URL(specifier, `file:///${path}`).pathname.slice(1);
}
