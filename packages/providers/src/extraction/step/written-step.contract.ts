import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** STEP files of CAx-IF and others, which come with the shapes' reader. */
export const STEP_SAMPLES = join(
  dirname(createRequire(import.meta.url).resolve("occt-import-js/package.json")),
  "test/testfiles",
);

export function stepSample(name: string): Buffer {
  return readFileSync(join(STEP_SAMPLES, name));
}

/** A cube of 300 mm, 185 instances; its product is #14, its shape #22, its solid #32. */
const CUBE = stepSample("simple-basic-cube/cube.stp").toString("latin1");
const BODY = CUBE.slice(0, CUBE.lastIndexOf("ENDSEC"));

function finish(text: string): Buffer {
  return Buffer.from(`${text}ENDSEC;\nEND-ISO-10303-21;\n`, "latin1");
}

export function changedCube(change: (text: string) => string): Buffer {
  return Buffer.from(change(CUBE), "latin1");
}

/** The cube and more instances. */
export function cubeWith(instances: string): Buffer {
  return finish(`${BODY}${instances}\n`);
}

export interface WrittenAssembly {
  readonly levels: number;
  /** Uses of the level below on each level. */
  readonly uses: number;
}

/** The cube inside `levels` assemblies, each using the one below it `uses` times: `uses` to the power of `levels` cubes. */
export function assemblyOfCubes({ levels, uses }: WrittenAssembly): Buffer {
  const lines: string[] = [];
  let child = { product: 14, shape: 22 };
  for (let level = 1; level <= levels; level += 1) {
    const id = 1000 + level * 1000;
    const parent = { product: id + 2, shape: id + 4 };
    lines.push(
      `#${id}=PRODUCT('A${level}','Level ${level}','',(#19));`,
      `#${id + 1}=PRODUCT_DEFINITION_FORMATION('','',#${id});`,
      `#${id + 2}=PRODUCT_DEFINITION('design','',#${id + 1},#15);`,
      `#${id + 3}=PRODUCT_DEFINITION_SHAPE('','',#${id + 2});`,
      `#${id + 4}=SHAPE_REPRESENTATION('',(#126),#187);`,
      `#${id + 5}=SHAPE_DEFINITION_REPRESENTATION(#${id + 3},#${id + 4});`,
    );
    for (let use = 1; use <= uses; use += 1) {
      const at = id + 10 * use;
      const relation = `REPRESENTATION_RELATIONSHIP('','',#${child.shape},#${parent.shape})`;
      lines.push(
        `#${at}=NEXT_ASSEMBLY_USAGE_OCCURRENCE('${use}','use ${use}','',#${parent.product},#${child.product},$);`,
        `#${at + 1}=PRODUCT_DEFINITION_SHAPE('','',#${at});`,
        `#${at + 2}=ITEM_DEFINED_TRANSFORMATION('','',#126,#126);`,
        `#${at + 3}=(${relation}REPRESENTATION_RELATIONSHIP_WITH_TRANSFORMATION(#${at + 2})SHAPE_REPRESENTATION_RELATIONSHIP());`,
        `#${at + 4}=CONTEXT_DEPENDENT_SHAPE_REPRESENTATION(#${at + 3},#${at + 1});`,
      );
    }
    child = parent;
  }
  return cubeWith(lines.join("\n"));
}

/** Infinite coordinates: the shapes' reader calls itself until its stack is gone. */
export function deadlyCube(): Buffer {
  return changedCube((text) =>
    text.replace(/CARTESIAN_POINT\('([^']*)',\([^)]*\)/g, "CARTESIAN_POINT('$1',(1.E+400,1.E+400,1.E+400)"),
  );
}
