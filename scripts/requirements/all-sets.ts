import { CONTENT } from "./a-content.ts";
import { EXTRACTION } from "./b-extraction.ts";
import { VIDEO } from "./c-video.ts";
import { COMMON } from "./d-common.ts";
import type { RequirementSet } from "./requirement.ts";

export const REQUIREMENT_SETS: readonly RequirementSet[] = [CONTENT, EXTRACTION, VIDEO, COMMON];
