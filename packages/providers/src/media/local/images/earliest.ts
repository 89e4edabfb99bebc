/** The value whose words come first. A prompt names its subject first: "a harbour below the mountains" is a harbour. */
export function earliest<T>(rules: readonly [T, RegExp][], text: string): T | undefined {
  const found = rules.map(([value, words]) => ({ value, at: text.search(words) })).filter(({ at }) => at >= 0);
  return found.sort((a, b) => a.at - b.at)[0]?.value;
}
