import { writeFileSync } from "node:fs";
import { LIFECYCLES } from "./all-lifecycles.ts";
import { lifecyclePage } from "./lifecycle-page.ts";

/** `npm run lifecycles`: writes docs/lifecycles/ anew from the tables. */
for (const { lifecycle, source } of LIFECYCLES) {
  const page = new URL(`../docs/lifecycles/${lifecycle.name}.md`, import.meta.url);
  writeFileSync(page, lifecyclePage(lifecycle, source));
  console.log(`wrote docs/lifecycles/${lifecycle.name}.md`);
}
