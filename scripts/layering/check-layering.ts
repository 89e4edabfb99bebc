import { findCycle } from "./find-cycle.ts";
import { EXEMPT, LAYERS, type Layer, OWNED_NPM } from "./layers.ts";
import { nameComplaints, sizeComplaints } from "./name-rules.ts";
import { lineAt, type ModuleImport, type ScannedSource, scanSource } from "./scan-source.ts";
import { type Complaint, resolveRelative, type SourceFile } from "./source-file.ts";

/** Every rule of the architecture that a file breaks, in the order of the files. */
export function checkLayering(files: readonly SourceFile[]): Complaint[] {
  const scanned = files.map((file) => ({ ...file, scan: scanSource(file.text) }));
  const perFile = scanned.flatMap((file) => [
    ...nameComplaints(file.path),
    ...sizeComplaints(file),
    ...arrowComplaints(file.path, file.scan),
    ...environmentComplaints(file.path, file.scan),
    ...exportComplaints(file.path, file.scan),
  ]);
  return [...perFile, ...findCycle(scanned)];
}

const isTest = (path: string): boolean => /\.(test|contract|fixture)\.(ts|tsx|mts|mjs)$/.test(path);
const packageOf = (path: string): string => path.split("/").slice(0, 2).join("/");

function layerOf(path: string): { readonly name: string; readonly layer: Layer } | undefined {
  const name = Object.keys(LAYERS)
    .filter((key) => path.startsWith(`${key}/`))
    .sort((a, b) => b.length - a.length)[0];
  const layer = name === undefined ? undefined : LAYERS[name];
  return name === undefined || layer === undefined ? undefined : { name, layer };
}

function arrowComplaints(path: string, { imports }: ScannedSource): Complaint[] {
  const place = layerOf(path);
  const isExempt = EXEMPT.includes(packageOf(path));
  if (place === undefined && !isExempt) {
    return [{ path, line: 1, message: `${packageOf(path)} has no row in scripts/layering/layers.ts` }];
  }
  return imports.flatMap((found) => {
    const message =
      deepImport(path, found) ??
      (place === undefined || isExempt || isTest(path) ? undefined : wrongArrow(path, place, found));
    return message === undefined ? [] : [{ path, line: found.line, message }];
  });
}

function deepImport(path: string, { specifier }: ModuleImport): string | undefined {
  if (/^@millrace\/[^/]+\//.test(specifier)) return `deep import ${specifier}: only a package's root is public`;
  if (!specifier.startsWith(".")) return undefined;
  const target = resolveRelative(path, specifier);
  const isInside = target.startsWith(`${packageOf(path)}/`);
  return isInside ? undefined : `${specifier} leaves ${packageOf(path)}: import another package by its name`;
}

function wrongArrow(
  path: string,
  { name, layer }: { readonly name: string; readonly layer: Layer },
  { specifier, isTypeOnly }: ModuleImport,
): string | undefined {
  if (specifier.startsWith(".")) return undefined;
  if (specifier.startsWith("node:")) {
    const isStreamType = specifier === "node:stream" && isTypeOnly && path.startsWith(`${name}/src/ports/`);
    return layer.builtins === "all" || isStreamType ? undefined : `wrong arrow: ${name} → ${specifier}`;
  }
  const own = /^@millrace\/(?<folder>[^/]+)$/.exec(specifier)?.groups?.["folder"];
  if (own !== undefined) {
    const isEveryPackage = layer.packages.includes("*") && `packages/${own}` in LAYERS;
    const isTypeArrow = isTypeOnly && (layer.typesOf ?? []).includes(own);
    if (layer.packages.includes(own) || isEveryPackage || isTypeArrow) return undefined;
    const hint = (layer.typesOf ?? []).includes(own) ? " (only `import type` is allowed)" : "";
    return `wrong arrow: ${name} → ${own}${hint}`;
  }
  const owner = OWNED_NPM.find(({ pattern }) => pattern.test(specifier));
  if (owner !== undefined && !owner.owners.some((place) => name.startsWith(place))) {
    return `wrong arrow: ${name} → ${specifier}, which belongs to ${owner.owners.join(" and ")}`;
  }
  const isAllowed = layer.npm === undefined || layer.npm.some((allowed) => isPartOf(specifier, allowed));
  return isAllowed ? undefined : `wrong arrow: ${name} → ${specifier}`;
}

const isPartOf = (specifier: string, name: string): boolean => specifier === name || specifier.startsWith(`${name}/`);

/** `process.env` is read in one place per app, so that every setting is checked at start. */
function environmentComplaints(path: string, { bare, imports }: ScannedSource): Complaint[] {
  const isAllowed = /^apps\/[^/]+\/src\/config\.ts$/.test(path) || EXEMPT.includes(packageOf(path)) || isTest(path);
  if (isAllowed) return [];
  const read = /\bprocess\s*(?:\?\.|\.)\s*env\b|\bprocess\s*\[|\{[^{}]*\benv\b[^{}]*\}\s*=\s*process\b/.exec(bare);
  const complaints = read === null ? [] : [{ path, line: lineAt(bare, read.index), message: OUTSIDE_CONFIG }];
  const viaImport = imports.find(({ specifier }) => specifier === "node:process" || specifier === "process");
  return viaImport === undefined
    ? complaints
    : [...complaints, { path, line: viaImport.line, message: OUTSIDE_CONFIG }];
}
const OUTSIDE_CONFIG = "the environment is read in an app's src/config.ts only";

function exportComplaints(path: string, { bare }: ScannedSource): Complaint[] {
  const star = /\bexport\s+(?<type>type\s+)?\*/.exec(bare);
  const isCoreTypes = star?.groups?.["type"] !== undefined && path.startsWith("packages/core/");
  const byDefault = /\bexport\s+default\b/.exec(bare);
  return [
    ...(star === null || isCoreTypes
      ? []
      : [{ path, line: lineAt(bare, star.index), message: "export * hides names" }]),
    ...(byDefault === null || /\.config\.ts$/.test(path)
      ? []
      : [{ path, line: lineAt(bare, byDefault.index), message: "default export" }]),
  ];
}
