import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { findTitles } from "./find-titles.ts";
import type { TestFile } from "./requirements-page.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const SKIPPED = new Set(["node_modules", "dist"]);

/** Every test and contract of the repository with its titles, in order of path. */
export function readTests(): readonly TestFile[] {
  return testsBelow(ROOT)
    .map((path) => relative(ROOT, path))
    .sort()
    .map((path) => ({ path, titles: findTitles(readFileSync(join(ROOT, path), "utf8")) }));
}

function testsBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry): string[] => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return isRead(entry.name) ? testsBelow(path) : [];
    return isTest(entry.name) ? [path] : [];
  });
}

const isTest = (name: string): boolean => /\.(?:test|contract)\.ts$/.test(name);
const isRead = (name: string): boolean => !name.startsWith(".") && !SKIPPED.has(name);
