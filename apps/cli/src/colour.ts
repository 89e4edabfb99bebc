/** Paints text for a terminal; leaves it alone for a file, a pipe or a person who set NO_COLOR. */
export interface Colour {
  dim(text: string): string;
  bold(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  /** One of six, always the same for the same number. */
  tint(index: number, text: string): string;
}

const TINTS = [36, 35, 34, 33, 32, 31];

export function createColour(isOn: boolean): Colour {
  const paint =
    (code: number) =>
    (text: string): string =>
      isOn ? `\u001b[${code}m${text}\u001b[0m` : text;
  return {
    dim: paint(2),
    bold: paint(1),
    red: paint(31),
    green: paint(32),
    yellow: paint(33),
    tint: (index, text) => paint(TINTS[index % TINTS.length] ?? 0)(text),
  };
}
