// Lets a thread run the TypeScript fixture: the loader of the main thread does not reach into threads.
import { register } from "tsx/esm/api";

register();
await import("./stage-threads.fixture.ts");
