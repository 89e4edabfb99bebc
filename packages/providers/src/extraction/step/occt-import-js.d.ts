declare module "occt-import-js" {
  export interface OcctMesh {
    readonly name: string;
    /** Linear red, green, blue, 0 to 1. */
    readonly color?: readonly [number, number, number];
    readonly brep_faces: readonly {
      readonly first: number;
      readonly last: number;
      readonly color: readonly [number, number, number] | null;
    }[];
    readonly attributes: { readonly position: { readonly array: readonly number[] } };
    readonly index: { readonly array: readonly number[] };
  }
  export interface OcctNode {
    readonly name: string;
    readonly meshes: readonly number[];
    readonly children: readonly OcctNode[];
  }
  export type OcctResult =
    | { readonly success: false }
    | { readonly success: true; readonly root: OcctNode; readonly meshes: readonly OcctMesh[] };
  export interface OcctParameters {
    readonly linearUnit: "millimeter" | "centimeter" | "meter" | "inch" | "foot";
    readonly linearDeflectionType: "bounding_box_ratio" | "absolute_value";
    readonly linearDeflection: number;
    readonly angularDeflection: number;
  }
  export interface Occt {
    ReadStepFile(content: Uint8Array, parameters: OcctParameters | null): OcctResult;
  }
  interface ModuleOptions {
    readonly print: (line: string) => void;
    readonly printErr: (line: string) => void;
    readonly instantiateWasm: (
      imports: WebAssembly.Imports,
      receive: (instance: WebAssembly.Instance) => void,
    ) => object;
  }
  function occtimportjs(options: ModuleOptions): Promise<Occt>;

  export { occtimportjs as default };
}
