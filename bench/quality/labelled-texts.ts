import { readdir, readFile } from "node:fs/promises";
import { ENTITY_TYPES, type EntityType, TIERS, type Tier } from "@millrace/providers";

/** What a reader may call one thing; any of the names counts. */
export type Names = readonly string[];

export interface LabelledText {
  /** The file's name without its ending. */
  readonly name: string;
  readonly title: string;
  readonly kind: string;
  /** `own`, or where in the public domain it is from. */
  readonly source: string;
  readonly tier: Tier;
  readonly tags: readonly Names[];
  readonly entities: readonly { readonly type: EntityType; readonly names: Names }[];
  readonly text: string;
}

const FOLDER = new URL("texts/", import.meta.url);

/** Every text with its labels, by name. Errors name the file and the line that is wrong. */
export async function readLabelledTexts(): Promise<LabelledText[]> {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith(".txt")).sort();
  return Promise.all(
    files.map(async (file) => parseLabelledText(file.slice(0, -4), await readFile(new URL(file, FOLDER), "utf8"))),
  );
}

/** Lines of `key: value`, a line of dashes, the text. Lists part at commas or semicolons, alternatives at `|`. */
function parseLabelledText(name: string, file: string): LabelledText {
  const end = file.indexOf("\n---\n");
  if (end === -1) throw new Error(`${name}: there is no line of dashes below the labels`);
  const labels = new Map(
    file
      .slice(0, end)
      .split("\n")
      .map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
      }),
  );
  const label = (key: string): string => {
    const value = labels.get(key);
    if (value === undefined) throw new Error(`${name}: the label "${key}" is missing`);
    return value;
  };
  return {
    name,
    title: label("title"),
    kind: label("kind"),
    source: label("source"),
    tier: oneOf(TIERS, label("tier"), name),
    tags: listOf(label("tags"), ",").map(namesOf),
    entities: listOf(label("entities"), ";").map((entry) => {
      const colon = entry.indexOf(":");
      return { type: oneOf(ENTITY_TYPES, entry.slice(0, colon), name), names: namesOf(entry.slice(colon + 1)) };
    }),
    text: file.slice(end + "\n---\n".length),
  };
}

function oneOf<const T extends string>(known: readonly T[], value: string, name: string): T {
  const found = known.find((each) => each === value.trim());
  if (found === undefined) throw new Error(`${name}: "${value}" is none of ${known.join(", ")}`);
  return found;
}

function listOf(value: string, separator: string): string[] {
  return value
    .split(separator)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

const namesOf = (entry: string): Names => listOf(entry, "|");
