import type { ScannedSource } from "./scan-source.ts";
import { type Complaint, resolveRelative } from "./source-file.ts";

/** The first circle of files that import each other, types included; none for a tree without one. */
export function findCycle(files: readonly { readonly path: string; readonly scan: ScannedSource }[]): Complaint[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const finished = new Set<string>();
  const trail: string[] = [];

  const visit = (path: string): Complaint | undefined => {
    trail.push(path);
    for (const { specifier, line } of byPath.get(path)?.scan.imports ?? []) {
      if (!specifier.startsWith(".")) continue;
      const target = resolveRelative(path, specifier);
      if (!byPath.has(target) || finished.has(target)) continue;
      if (trail.includes(target)) {
        const circle = [...trail.slice(trail.indexOf(target)), target].map((step) =>
          step.split("/").slice(1).join("/"),
        );
        return { path, line, message: `cycle: ${circle.join(" → ")}` };
      }
      const found = visit(target);
      if (found !== undefined) return found;
    }
    trail.pop();
    finished.add(path);
    return undefined;
  };

  for (const { path } of files) {
    const found = finished.has(path) ? undefined : visit(path);
    if (found !== undefined) return [found];
  }
  return [];
}
