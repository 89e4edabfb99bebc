/** A camera's way over a still: the part shown at the start and at the end, as zoom and as place of its middle (0 to 1). */
export interface Motion {
  readonly name: string;
  readonly from: View;
  readonly to: View;
}

interface View {
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
}

const middle = (zoom: number): View => ({ zoom, x: 0.5, y: 0.5 });

const MOTIONS: readonly (Motion & { readonly words: RegExp })[] = [
  {
    name: "still",
    words: /\b(static|still camera|locked[- ]off|fixed camera|motionless)\b/g,
    from: middle(1.02),
    to: middle(1.02),
  },
  {
    name: "zoom_out",
    words: /\b(zoom(s|ing)?[- ]out|pull(s|ing)?[- ](back|out)|dolly(ing)?[- ]out|reveal\w*|wide shot)\b/g,
    from: middle(1.25),
    to: middle(1),
  },
  {
    name: "zoom_in",
    words: /\b(zoom(s|ing)?([- ]in)?|push(es|ing)?[- ]in|dolly(ing)?([- ]in)?|close[- ]?up)\b/g,
    from: middle(1),
    to: middle(1.25),
  },
  {
    name: "pan_left",
    words: /\b((pan|track|slide|truck)(s|ning|ing)?( slowly)?( to the)? left)\b/g,
    from: { zoom: 1.2, x: 1, y: 0.5 },
    to: { zoom: 1.2, x: 0, y: 0.5 },
  },
  {
    name: "pan_right",
    words: /\b((pan|track|slide|truck)(s|ning|ing)?( slowly)?( to the)?( right)?)\b/g,
    from: { zoom: 1.2, x: 0, y: 0.5 },
    to: { zoom: 1.2, x: 1, y: 0.5 },
  },
  {
    name: "tilt_up",
    words: /\b(tilt(s|ing)?( up)?|crane(s)?( up)?|rises?|rising|pedestal up|look(s|ing)? up)\b/g,
    from: { zoom: 1.2, x: 0.5, y: 1 },
    to: { zoom: 1.2, x: 0.5, y: 0 },
  },
  {
    name: "tilt_down",
    words: /\b(tilt(s|ing)? down|crane(s)? down|descend\w*|pedestal down|look(s|ing)? down)\b/g,
    from: { zoom: 1.2, x: 0.5, y: 0 },
    to: { zoom: 1.2, x: 0.5, y: 1 },
  },
  {
    name: "drift",
    words: /\b(orbit\w*|drift\w*|float\w*|fly\w*|aerial|handheld)\b/g,
    from: { zoom: 1.1, x: 0, y: 0.7 },
    to: { zoom: 1.25, x: 1, y: 0.3 },
  },
];
const DEFAULT: Motion = { name: "slow_push", from: middle(1), to: middle(1.12) };

/** The motion a prompt asks for. The camera stands last in a prompt, so its last such word decides; the longest of equals. */
export function motionOf(prompt: string): Motion {
  const text = prompt.toLowerCase();
  let best: { readonly at: number; readonly length: number; readonly motion: Motion } | undefined;
  for (const motion of MOTIONS) {
    for (const match of text.matchAll(motion.words)) {
      const isBetter =
        best === undefined || match.index > best.at || (match.index === best.at && match[0].length > best.length);
      if (isBetter) best = { at: match.index, length: match[0].length, motion };
    }
  }
  return best?.motion ?? DEFAULT;
}

/** zoompan's expressions for `frames` pictures; `on` is its number of the one being made. */
export function zoompanOf({ from, to }: Motion, frames: number): string {
  const share = `min(1\\,on/${Math.max(1, frames - 1)})`;
  const between = (a: number, b: number): string => (a === b ? String(a) : `(${a}+(${b - a})*${share})`);
  const place = (a: number, b: number, size: string): string => `(${size}-${size}/zoom)*${between(a, b)}`;
  return `z=${between(from.zoom, to.zoom)}:x=${place(from.x, to.x, "iw")}:y=${place(from.y, to.y, "ih")}`;
}
