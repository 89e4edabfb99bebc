const MAX_FILE_NAME = 512;

/** What an answer calls its file: Content-Disposition's name (RFC 6266), else the last part of its address. */
export function fileNameOf(headers: Readonly<Record<string, string>>, url: string): string {
  const disposition = headers["content-disposition"] ?? "";
  const encoded = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(disposition)?.[1];
  const plain = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(disposition);
  const written = (plain?.[1] ?? plain?.[2])?.replace(/\\(.)/g, "$1");
  const last = URL.canParse(url) ? (new URL(url).pathname.split("/").at(-1) ?? "") : "";
  const candidates = [decoded(encoded), written && Buffer.from(written, "latin1").toString("utf8"), decoded(last)];
  return candidates.map((name) => cleaned(name ?? "")).find((name) => name !== "") ?? "file";
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** No folders, no control characters, nothing that is only dots. */
function cleaned(name: string): string {
  const last = name.split(/[\\/]/).at(-1) ?? "";
  const plain = last.replace(/\p{C}/gu, "").trim();
  return /^\.*$/.test(plain) ? "" : plain.slice(0, MAX_FILE_NAME);
}
