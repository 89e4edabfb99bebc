import { readFile } from "node:fs/promises";

let change;

export function initialize(data) {
  change = data;
}

export async function load(url, context, nextLoad) {
  if (url !== change.url) return nextLoad(url, context);
  const text = await readFile(new URL(url), "utf8");
  if (text.split(change.find).length !== 2) throw new Error(`the text to take out is not in ${url} exactly once`);
  console.error(`taken out of ${url}: ${change.find}`);
  return { format: "module", shortCircuit: true, source: text.replace(change.find, () => change.replace) };
}
