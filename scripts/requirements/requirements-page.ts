import type { Title } from "./find-titles.ts";
import type { Requirement, RequirementSet } from "./requirement.ts";

/** A test file, by its path from the repository's root. */
export interface TestFile {
  readonly path: string;
  readonly titles: readonly Title[];
}

const ID = /(?<![\w-])(?:[ABC]-[SQ]\d{2}a?|D-\d{1,2})(?!\w)/g;
const idsIn = (text: string): readonly string[] => text.match(ID) ?? [];

/** The requirements that neither a test nor a note answers for. */
export const openIn = ({ requirements }: RequirementSet, files: readonly TestFile[]): readonly Requirement[] =>
  requirements.filter(({ id, note }) => note === undefined && citations(id, files).length === 0);

/** Ids that tests cite and no list knows: misspelt. */
export function strangeIds(sets: readonly RequirementSet[], files: readonly TestFile[]): readonly string[] {
  const known = new Set(sets.flatMap(({ requirements }) => requirements.map(({ id }) => id)));
  return files.flatMap(({ path, titles }) =>
    titles.flatMap(({ text }) => idsIn(text).filter((id) => !known.has(id))).map((id) => `${path}: ${id}`),
  );
}

/** `docs/requirements.md`: every requirement with the tests that cite it. */
export function requirementsPage(sets: readonly RequirementSet[], files: readonly TestFile[]): string {
  return [
    "# Requirements and their tests",
    "",
    "Generated from the titles of the tests by `npm run requirements`; do not edit. The lists are in `scripts/requirements`. A title",
    "that cites an id claims to prove it, or a part of it; a `describe` claims it for the tests in it, whose number is in parentheses.",
    "",
    ...sets.flatMap((set) => section(set, files)),
  ].join("\n");
}

function section(set: RequirementSet, files: readonly TestFile[]): string[] {
  const { title, introduction, requirements } = set;
  const tested = requirements.filter(({ id }) => citations(id, files).length > 0).length;
  const open = openIn(set, files).length;
  return [
    `## ${title}`,
    "",
    introduction,
    "",
    `${requirements.length} requirements: ${tested} with tests, ${requirements.length - tested - open} by a note alone, ${open} not yet.`,
    "",
    "| id | requirement | proved by |",
    "| --- | --- | --- |",
    ...requirements.map((one) => `| ${one.id} | ${one.summary} | ${proof(one, files)} |`),
    "",
  ];
}

function proof({ id, note }: Requirement, files: readonly TestFile[]): string {
  const lines = citations(id, files).map(
    ({ path, titles }) => `[${nameOf(path)}](../${path}): ${titles.map(shown).join("; ")}`,
  );
  if (note !== undefined) lines.push(note);
  return lines.length > 0 ? lines.join("<br>") : "not yet";
}

function citations(id: string, files: readonly TestFile[]): readonly TestFile[] {
  return files
    .map(({ path, titles }) => ({ path, titles: titles.filter(({ text }) => idsIn(text).includes(id)) }))
    .filter(({ titles }) => titles.length > 0);
}

const nameOf = (path: string): string => path.split("/").slice(-2).join("/");

/** A title as text of a table's cell; the tests below a `describe` are counted. */
const shown = ({ text, tests }: Title): string =>
  `${text.replace(/[\\`*_[\]<>|]/g, (mark) => `\\${mark}`)}${tests > 1 ? ` (${tests})` : ""}`;
