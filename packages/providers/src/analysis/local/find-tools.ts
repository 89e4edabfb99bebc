import type { Confidence } from "../unified-result.ts";
import type { DocumentStructure } from "./document-structure.ts";
import { KNOWN_TOOLS, LONGEST_NAME_WORDS } from "./known-tools.ts";
import type { Sentence } from "./reading.ts";

const MAX_TOOLS = 15;
/** Commands that fetch a package: what follows is a tool the text uses. */
const INSTALLS =
  /\b(?:npm (?:install|i|add)|pnpm add|yarn add|bun add|pip3? install|pipx install|cargo (?:add|install)|gem install|go (?:get|install)|brew install|apt(?:-get)? install|dnf install|composer require|uv add|npx)\s+((?:-{1,2}[\w-]+\s+)*)((?:@?[a-z][\w./@-]*[ \t]*){1,6})/gi;
/** Blocks that are typed into a terminal, told by a prompt, a switch or a known command in their first lines. */
const SWITCH = /\s--?[a-z][\w-]*/i;
const COMMAND = /^(?:\$ |> )?(?:sudo )?([a-z][a-z0-9]*(?:[_-][a-z0-9]+)*)\s+\S/;
/** Every system has them: naming one says nothing about a text. */
const SHELL_WORDS = new Set(
  "alias cat cd chmod chown clear cp date dd df diff do done du echo else env esac eval exec exit export fi find for function head if in kill let ln local ls make man mkdir mv node ps pwd read return rm rmdir run set shift sh sleep sort source start sudo tail tee test then time touch true unset until which while who xargs const var import from def class select insert update delete create grant alter drop".split(
    " ",
  ),
);
/** Software is meant, not the everyday word. */
const SOFTWARE_CUE =
  /\b(us(e|es|ed|ing)|built with|written in|powered by|runs? on|install\w*|support\w*|version|framework|librar\w+|language|databases?|compiler|runtime|package|tool|CLI|API|SDK|plugin|code|developer|programming|server|app|with)\b/i;

export interface FoundTool {
  readonly name: string;
  readonly confidence: Confidence;
  readonly isInstalled: boolean;
  readonly count: number;
}

interface Sighting {
  count: number;
  isCued: boolean;
  isCommand: boolean;
  readonly spellings: Map<string, number>;
}

/** Tools by the dictionary, and by the commands that install them. */
export function findTools(sentences: readonly Sentence[], structure: DocumentStructure): FoundTool[] {
  const sightings = new Map<string, Sighting>();
  const see = (key: string, spelling: string, how: { isCued?: boolean; isCommand?: boolean }): void => {
    const sighting = sightings.get(key) ?? { count: 0, isCued: false, isCommand: false, spellings: new Map() };
    sightings.set(key, sighting);
    sighting.count++;
    sighting.isCued ||= how.isCued === true;
    sighting.isCommand ||= how.isCommand === true;
    sighting.spellings.set(spelling, (sighting.spellings.get(spelling) ?? 0) + 1);
  };
  const hasCapitals = sentences.some((sentence) => /\p{Lu}\p{Ll}/u.test(sentence.text));
  for (const sentence of sentences) {
    for (const { key, spelling, isFirst } of namesIn(sentence)) {
      const tool = KNOWN_TOOLS.get(key)!;
      // Speech written down in small letters has no spelling to go by.
      const isSpelled = spelling === tool.name || (tool.evidence === "spelling" && !hasCapitals);
      if (tool.evidence !== "name" && !isSpelled) continue;
      if (tool.evidence === "cue" && isFirst) continue;
      see(key, spelling, { isCued: SOFTWARE_CUE.test(sentence.text) });
    }
  }
  for (const command of [...structure.codeBlocks, ...structure.inlineCode]) {
    for (const name of [...installedBy(command), ...commandsIn(command)])
      see(name.toLowerCase(), name, { isCommand: true });
  }
  return [...sightings]
    .flatMap(([key, sighting]) => foundTool(key, sighting))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
    .slice(0, MAX_TOOLS);
}

function foundTool(key: string, sighting: Sighting): FoundTool[] {
  const tool = KNOWN_TOOLS.get(key);
  const spelling = [...sighting.spellings].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]![0];
  const { count, isCommand, isCued } = sighting;
  // An everyday word needs a cue and a second mention (or a command) before it is taken for software.
  if (tool?.evidence === "cue" && !isCommand && !(isCued && count >= 2)) return [];
  const confidence = count >= 3 || (isCommand && count >= 2) ? "high" : "medium";
  return [{ name: tool?.name ?? spelling, confidence, isInstalled: isCommand, count }];
}

function* namesIn(sentence: Sentence): Generator<{ key: string; spelling: string; isFirst: boolean }> {
  const words = sentence.words.map((word) => word.text);
  for (let at = 0; at < words.length; at++) {
    for (let size = Math.min(LONGEST_NAME_WORDS, words.length - at); size >= 1; size--) {
      const spelling = words
        .slice(at, at + size)
        .join(" ")
        .replace(/['’]s$/, "");
      const key = spelling.toLowerCase();
      if (!KNOWN_TOOLS.has(key)) continue;
      yield { key, spelling, isFirst: at === 0 };
      at += size - 1;
      break;
    }
  }
}

/** The installer, and the package names after an install command, without versions and switches. */
function installedBy(command: string): string[] {
  const names: string[] = [];
  for (const [written, , list] of command.slice(0, 5_000).matchAll(INSTALLS)) {
    names.push(written.split(" ")[0]!);
    for (const word of list!.trim().split(/\s+/)) {
      const name = word.replace(/(?<=.)@[^@/]*$/, "").replace(/[.,]+$/, "");
      if (
        /^(@[\w-]+\/)?[a-z][\w.-]{1,60}$/i.test(name) &&
        !/^(install|save|dev|global|the|a|and|or|from|to|in|for)$/i.test(name)
      )
        names.push(name);
    }
  }
  return names;
}

/** Programs started with a switch: the first words of command lines such as `pg_dump -Fc shop`. */
function commandsIn(code: string): string[] {
  const lines = code.slice(0, 5_000).split("\n");
  const commands = lines.flatMap((line) => (SWITCH.test(line) ? (COMMAND.exec(line.trim())?.[1] ?? []) : []));
  return [...new Set(commands)].filter((name) => name.length >= 3 && !SHELL_WORDS.has(name));
}
