const SYMBOLS: Readonly<Record<string, string>> = { c: "Ø", d: "°", p: "±", "%": "%", u: "", o: "", k: "" };

/** `%%c`, `%%d`, `%%p`, `%%nnn` and the switches for lines over and under, as TEXT and MTEXT know them. */
function resolvePercents(text: string): string {
  return text.replace(/%%(\d{3}|[cdpuok%])/gi, (_, sign: string) =>
    /\d/.test(sign) ? String.fromCharCode(Number(sign)) : (SYMBOLS[sign.toLowerCase()] ?? ""),
  );
}

/** `^I` is a tab, `^J` a new line, `^ ` a caret. */
function resolveCarets(text: string): string {
  return text.replace(/\^(.)/gs, (whole, sign: string) => {
    if (sign === " ") return "^";
    if (sign === "I") return "\t";
    if (sign === "J") return "\n";
    return sign === "M" ? "" : whole;
  });
}

/** What a TEXT, ATTRIB or dimension's one-line text shows. */
export function plainLine(text: string): string {
  return resolveCarets(resolvePercents(text)).trim();
}

/** Commands with an argument up to a semicolon: colour, font, height, width, slant, spacing, alignment, paragraph. */
const WITH_ARGUMENT = "ACcFfHQTWp";
const SWITCHES = "LlOoKk";
const SIGNS: Readonly<Record<string, string>> = { P: "\n", N: "\n", X: "\n", "~": "\u00a0" };

/** `\S+0.1^-0.2;` and `\S1/2;` are stacked above each other: written with a slash. */
function unstack(argument: string): string {
  const text = argument.replace(/\\(.)/g, "$1");
  const at = text.search(/[\^#/]/);
  const parts = at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
  return parts
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .join("/");
}

/** The words of an MTEXT without its formatting; paragraphs and columns become lines. */
export function plainParagraphs(source: string): string {
  let text = "";
  const lastEnd = source.lastIndexOf(";");
  for (let at = 0; at < source.length; at += 1) {
    const sign = source[at]!;
    if (sign === "{" || sign === "}") continue;
    if (sign !== "\\" || at + 1 >= source.length) {
      text += sign;
      continue;
    }
    at += 1;
    const command = source[at]!;
    if (SWITCHES.includes(command)) continue;
    const hasArgument = command === "S" || WITH_ARGUMENT.includes(command);
    const end = hasArgument && at < lastEnd ? source.indexOf(";", at) : -1;
    if (end >= 0) {
      if (command === "S") text += unstack(source.slice(at + 1, end));
      at = end;
    } else {
      // an escaped sign, or one nobody knows: as it stands
      text += SIGNS[command] ?? command;
    }
  }
  return resolveCarets(resolvePercents(text))
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .trim();
}
