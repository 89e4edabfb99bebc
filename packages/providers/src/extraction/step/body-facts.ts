import type { EntityIndex } from "../part-21/index-entities.ts";

export interface BodyFacts {
  readonly shape: "solid" | "shell";
  readonly faces: number;
  readonly edges: number;
  readonly vertices: number;
}

const FACES: ReadonlySet<string> = new Set(["ADVANCED_FACE", "FACE_SURFACE"]);
const SOLIDS: ReadonlySet<string> = new Set(["MANIFOLD_SOLID_BREP", "BREP_WITH_VOIDS", "FACETED_BREP"]);
/** What leads from a body to its faces, edges and vertices; geometry is not followed. */
const TOPOLOGY: ReadonlySet<string> = new Set([
  ...SOLIDS,
  ...FACES,
  "SHELL_BASED_SURFACE_MODEL",
  "FACE_BASED_SURFACE_MODEL",
  "CONNECTED_FACE_SET",
  "CLOSED_SHELL",
  "OPEN_SHELL",
  "ORIENTED_CLOSED_SHELL",
  "ORIENTED_OPEN_SHELL",
  "FACE_OUTER_BOUND",
  "FACE_BOUND",
  "EDGE_LOOP",
  "VERTEX_LOOP",
  "ORIENTED_EDGE",
  "EDGE_CURVE",
  "VERTEX_POINT",
]);
const REFERENCE = /#(\d+)/g;
const STRING = /'[^']*'/g;

/** Counts the faces, edges and vertices of one body from the text, each once however often it is used. */
export function bodyFacts(index: EntityIndex, body: number): BodyFacts {
  const seen = new Set([body]);
  const left = [body];
  const counts = { faces: 0, edges: 0, vertices: 0 };
  for (let id = left.pop(); id !== undefined; id = left.pop()) {
    const keyword = index.keywordOf(id);
    if (keyword === undefined || !TOPOLOGY.has(keyword)) continue;
    if (FACES.has(keyword)) counts.faces += 1;
    else if (keyword === "EDGE_CURVE") counts.edges += 1;
    else if (keyword === "VERTEX_POINT") counts.vertices += 1;
    for (const [, reference] of index.textOf(id).replace(STRING, "").matchAll(REFERENCE)) {
      const next = Number(reference);
      if (seen.has(next)) continue;
      seen.add(next);
      left.push(next);
    }
  }
  return { shape: SOLIDS.has(index.keywordOf(body) ?? "") ? "solid" : "shell", ...counts };
}
