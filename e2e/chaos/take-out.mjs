// Loaded before a program (`--import`): registers the hook that takes one text out of one module.
import { register } from "node:module";

register("./take-out-hook.mjs", import.meta.url, { data: JSON.parse(process.env["CHAOS_TAKE_OUT"]) });
