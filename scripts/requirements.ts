import { writeFileSync } from "node:fs";
import { REQUIREMENT_SETS } from "./requirements/all-sets.ts";
import { readTests } from "./requirements/read-tests.ts";
import { requirementsPage } from "./requirements/requirements-page.ts";

/** `npm run requirements`: writes docs/requirements.md anew from the titles of the tests. */
writeFileSync(new URL("../docs/requirements.md", import.meta.url), requirementsPage(REQUIREMENT_SETS, readTests()));
console.log("wrote docs/requirements.md");
