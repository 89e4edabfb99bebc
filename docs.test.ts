import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = new URL(".", import.meta.url).pathname;
const pages = [".", "docs", "docs/decisions", "docs/lifecycles"].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name)),
);
const textOf = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** The anchor that a heading gets on the usual hosts. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
const anchorsOf = (path: string): string[] =>
  [...textOf(path).matchAll(/^#+ (?<heading>.+)$/gm)].map((match) => anchorOf(match.groups?.["heading"] ?? ""));

describe("the documents", () => {
  test.each(pages)("every link of %s leads somewhere", (page) => {
    const links = [...textOf(page).matchAll(/\]\((?<target>[^)\s]+)\)/g)].map(
      (match) => match.groups?.["target"] ?? "",
    );
    for (const link of links.filter((target) => !/^[a-z]+:/.test(target))) {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? page : join(dirname(page), path);
      expect(existsSync(join(ROOT, target)), `${page} → ${link}`).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(target), `${page} → ${link}`).toContain(anchor);
    }
  });

  test.each(pages)("every npm script and file that %s names exists", (page) => {
    const { scripts } = JSON.parse(textOf("package.json")) as { scripts: Record<string, string> };
    for (const match of textOf(page).matchAll(/`npm (?:run (?<run>[\w:-]+)|(?<own>start|test)\b)/g)) {
      expect(Object.keys(scripts)).toContain(match.groups?.["run"] ?? match.groups?.["own"]);
    }
    for (const match of textOf(page).matchAll(/`(?<path>(?:packages|apps|scripts|examples|drizzle)\/[\w./-]+)`/g)) {
      const path = (match.groups?.["path"] ?? "").replace("/dist/", "/src/").replace(/main\.js$/, "main.ts");
      expect(existsSync(join(ROOT, path)), `${page} names ${path}`).toBe(true);
    }
  });
});

describe("docs/operations.md", () => {
  /** The cells of the table after a marker, by the variable in its first column. */
  function tableAfter(marker: string): Map<string, string[]> {
    const [, after = ""] = textOf("docs/operations.md").split(`<!-- ${marker}`);
    const rows = [
      ...after
        .split("\n\n")
        .slice(0, 3)
        .join("\n")
        .matchAll(/^\| `(?<name>[A-Z0-9_]+)` *\|(?<rest>.*)\|$/gm),
    ];
    return new Map(
      rows.map(({ groups }) => [
        groups?.["name"] ?? "",
        (groups?.["rest"] ?? "").split("|").map((cell) => cell.trim()),
      ]),
    );
  }

  /** The variables a config.ts knows, each with its default as written in the code, where it is a literal. */
  function settingsOf(app: string): Map<string, string | undefined> {
    const schema =
      /z\.object\(\{(?<body>[\s\S]*?)\n\}\)/.exec(textOf(`apps/${app}/src/config.ts`))?.groups?.["body"] ?? "";
    const entries = [
      ...schema.matchAll(/^ {2}(?<name>[A-Z0-9_]+):(?<rule>[\s\S]*?)(?=^ {2}(?:[A-Z0-9_]+:|\/\*\*)|(?![\s\S]))/gm),
    ];
    return new Map(
      entries.map(({ groups }) => {
        const literal = /\.(?:default|prefault)\((?:"(?<text>[^"]*)"|(?<number>[\d_]+|true|false))\)/.exec(
          groups?.["rule"] ?? "",
        );
        return [groups?.["name"] ?? "", literal?.groups?.["text"] ?? literal?.groups?.["number"]?.replaceAll("_", "")];
      }),
    );
  }

  test.each([
    ["api", 0],
    ["worker", 1],
    ["dashboard", 2],
  ])("its table has exactly the settings of the %s, with their defaults", (app, column) => {
    const table = tableAfter("settings:");
    const settings = settingsOf(app);
    expect(settings.size).toBeGreaterThan(5);
    const listed = [...table].filter(([, cells]) => cells[column] !== "").map(([name]) => name);
    expect(listed.sort()).toEqual([...settings.keys()].sort());
    for (const [name, value] of settings) {
      if (value !== undefined && value !== "") expect(table.get(name)?.[column], name).toBe(value);
    }
  });

  test("its second table has exactly the settings of the command", () => {
    expect([...tableAfter("cli settings:").keys()].sort()).toEqual([...settingsOf("cli").keys()].sort());
  });
});
