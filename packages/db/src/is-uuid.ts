const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Ids come from URLs and tickets; one that is none belongs to nothing. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}
