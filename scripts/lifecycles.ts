import { writeFileSync } from "node:fs";
import { jobLifecycle } from "@millrace/core";
import { lifecyclePage } from "./lifecycle-page.ts";

/** `npm run lifecycles`: writes docs/lifecycles/ anew from the tables in core. */
for (const lifecycle of [jobLifecycle]) {
  const page = new URL(`../docs/lifecycles/${lifecycle.name}.md`, import.meta.url);
  writeFileSync(page, lifecyclePage(lifecycle));
  console.log(`wrote docs/lifecycles/${lifecycle.name}.md`);
}
