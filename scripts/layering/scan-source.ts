/** One place where a file names another module. */
export interface ModuleImport {
  readonly specifier: string;
  /** 1-based. */
  readonly line: number;
  /** `import type` and `export type … from`: gone after compilation. */
  readonly isTypeOnly: boolean;
}

export interface ScannedSource {
  readonly imports: readonly ModuleImport[];
  /** The source with comments, strings and regular expressions blanked out; same length, same lines. */
  readonly bare: string;
}

const STATEMENT = /\b(?:import|export)\b(?<type>\s+type\b)?[^;'"`()]*?\bfrom\s*(?<quote>["'])/g;
const SIDE_EFFECT = /\bimport\s*(?<quote>["'])/g;
const CALL = /\b(?:import|require|require\.resolve|import\.meta\.resolve)\s*\(\s*(?<quote>["'`])/g;

/** Finds every import, re-export, dynamic import and require of a TypeScript file, and none in comments or strings. */
export function scanSource(source: string): ScannedSource {
  const bare = blank(source);
  const imports = [STATEMENT, SIDE_EFFECT, CALL].flatMap((pattern) =>
    [...bare.matchAll(pattern)].map((match): ModuleImport => {
      const quoteAt = match.index + match[0].length - 1;
      const quote = match.groups?.["quote"] ?? '"';
      const specifier = source.slice(quoteAt + 1, source.indexOf(quote, quoteAt + 1));
      return { specifier, line: lineAt(source, match.index), isTypeOnly: match.groups?.["type"] !== undefined };
    }),
  );
  return { imports: imports.sort((a, b) => a.line - b.line), bare };
}

export function lineAt(source: string, index: number): number {
  return source.slice(0, index).split("\n").length;
}

/** A slash after one of these starts a regular expression; after anything else it divides. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};<>+*%~^-]|\b(?:return|typeof|case|in|of|throw|await|yield))\s*$/;

const TOKEN =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*|[`{}]/g;

/** Blanks what is not code. Quotes stay, so that a specifier's place can be found. */
function blank(source: string): string {
  let out = "";
  let at = 0;
  /** One entry per open `${` or `{`; true where its end goes back into a template. */
  const braces: boolean[] = [];
  const token = new RegExp(TOKEN);
  for (let match = token.exec(source); match !== null; match = token.exec(source)) {
    const text = match[0];
    const isDivision =
      text.startsWith("/") && !/^\/[/*]/.test(text) && !BEFORE_REGEX.test(out + source.slice(at, match.index));
    if (isDivision) {
      token.lastIndex = match.index + 1;
      continue;
    }
    out += source.slice(at, match.index);
    at = match.index;
    let end = at + text.length;
    if (text === "{") braces.push(false);
    const goesOnWithTemplate = text === "`" || (text === "}" && braces.pop() === true);
    if (goesOnWithTemplate) {
      end = templateEnd(source, at + 1);
      if (source.startsWith("${", end - 2)) braces.push(true);
    }
    out += blankToken(source.slice(at, end));
    at = end;
    token.lastIndex = end;
  }
  return out + source.slice(at);
}

/** Just after the template's closing backtick or its next `${`. */
function templateEnd(source: string, from: number): number {
  for (let i = from; i < source.length; i += 1) {
    if (source[i] === "\\") i += 1;
    else if (source[i] === "`") return i + 1;
    else if (source.startsWith("${", i)) return i + 2;
  }
  return source.length;
}

function blankToken(text: string): string {
  if (text === "{" || text === "}") return text;
  const isComment = text.startsWith("//") || text.startsWith("/*");
  if (isComment || text.length === 1) return isComment ? text.replace(/[^\n]/g, " ") : text;
  return text[0] + text.slice(1, -1).replace(/[^\n]/g, " ") + text.at(-1);
}
