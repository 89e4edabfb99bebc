/**
 * A page or database id as it is kept: 32 hex digits in lower case. Notion writes it with dashes, people copy it without;
 * both are taken. Anything else is undefined.
 */
export function notionId(written: string): string | undefined {
  const id = written.trim().toLowerCase();
  if (/^[0-9a-f]{32}$/.test(id)) return id;
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) ? id.replaceAll("-", "") : undefined;
}
