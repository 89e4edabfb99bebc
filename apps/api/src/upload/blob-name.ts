const MAX_LENGTH = 100;

/** A file's name as the last segment of a blob key: [A-Za-z0-9._-], its extension kept. */
export function blobName(fileName: string): string {
  const safe = fileName
    .replace(/^.*[/\\]/, "")
    .replace(/[^A-Za-z0-9._-]+/g, "_")
    .replace(/^[._]+/, "");
  if (safe.length <= MAX_LENGTH) return safe || "file";
  const extension = /\.[A-Za-z0-9]{1,10}$/.exec(safe)?.[0] ?? "";
  return safe.slice(0, MAX_LENGTH - extension.length) + extension;
}
