/** The part of WebAssembly's interface that is used here: TypeScript has it only among the browser's types. */
declare namespace WebAssembly {
  class Memory {
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  class Module {
    private constructor();
  }
  type Imports = Record<string, Record<string, unknown>>;
  class Instance {
    constructor(module: Module, imports: Imports);
    readonly exports: Readonly<Record<string, unknown>>;
  }
  function compile(bytes: Uint8Array): Promise<Module>;
  function instantiate(
    source: Uint8Array,
    imports: Imports,
  ): Promise<{ readonly module: Module; readonly instance: Instance }>;
}
