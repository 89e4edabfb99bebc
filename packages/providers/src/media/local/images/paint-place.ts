import { type Brush, n, type Palette, times } from "./brush.ts";
import { type Colour, hsl, mix } from "./colour.ts";
import type { Place } from "./scene-of.ts";

type Painter = (palette: Palette, brush: Brush) => string;

const PAINTERS: Record<Place, Painter> = {
  forest: (palette, brush) => hills(palette, brush, 2) + ground(palette, brush) + trees(palette, brush, 34),
  city: (palette, brush) =>
    buildings(palette, brush, 0.45) + buildings(palette, brush, 0) + ground(palette, brush) + road(palette, brush),
  sea: (palette, brush) => hills(palette, brush, 1) + water(palette, brush) + shore(palette, brush),
  desert: (palette, brush) => dunes(palette, brush),
  mountain: (palette, brush) =>
    peaks(palette, brush) + hills(palette, brush, 1) + ground(palette, brush) + trees(palette, brush, 9),
  village: (palette, brush) =>
    hills(palette, brush, 2) + ground(palette, brush) + houses(palette, brush) + trees(palette, brush, 5),
  interior: (palette, brush) => room(palette, brush),
  space: (palette, brush) => planets(palette, brush) + dunes(palette, brush),
  field: (palette, brush) =>
    hills(palette, brush, 3) + ground(palette, brush) + trees(palette, brush, 6) + grass(palette, brush),
};

export function paintPlace(place: Place, palette: Palette, brush: Brush): string {
  return PAINTERS[place](palette, brush);
}

/** What is far away takes the sky's colour. */
const faded = (colour: Colour, { skyLow }: Palette, share: number): Colour => mix(colour, skyLow, share);
const dimmed = (colour: Colour, { darkness }: Palette): Colour => mix(colour, "#0a0e1e", darkness);

function ridge({ canvas: { width, height }, random }: Brush, base: number, rise: number): string {
  const phase = random.between(0, 6.28);
  const waves = random.between(1.2, 2.6);
  const points = Array.from({ length: 25 }, (_, step) => {
    const share = step / 24;
    const y =
      base - rise * (0.55 + 0.3 * Math.sin(phase + share * waves * 6.28) + 0.15 * Math.sin(phase * 2 + share * 17));
    return `${n(share * width)},${n(y)}`;
  });
  return `0,${height} ${points.join(" ")} ${width},${height}`;
}

function hills(palette: Palette, brush: Brush, count: number): string {
  const { height } = brush.canvas;
  return times(count, (index) => {
    const nearness = (index + 1) / (count + 1);
    const colour = faded(palette.ground, palette, 0.75 - nearness * 0.55);
    return `<polygon points="${ridge(brush, brush.horizon + 4, height * (0.26 - nearness * 0.14))}" fill="${colour}"/>`;
  });
}

function ground(palette: Palette, brush: Brush): string {
  const { height } = brush.canvas;
  const low = brush.horizon + (height - brush.horizon) * 0.45;
  return (
    `<polygon points="${ridge(brush, brush.horizon + height * 0.02, height * 0.03)}" fill="${palette.ground}"/>` +
    `<polygon points="${ridge(brush, low, height * 0.04)}" fill="${mix(palette.ground, "#000000", 0.14)}"/>`
  );
}

function trees(palette: Palette, { canvas: { width, height }, horizon, random }: Brush, count: number): string {
  const places = Array.from({ length: count }, () => random.between(0, 1)).sort((a, b) => a - b);
  return places
    .map((nearness) => {
      // The middle of the foreground stays free for figures.
      const side = random.pick([random.between(-0.02, 0.3), random.between(0.7, 1.02)] as const);
      const x = width * (nearness > 0.5 ? side : random.between(0, 1));
      const foot = horizon + (height - horizon) * (0.04 + nearness * 0.3);
      const size = height * (0.1 + nearness * 0.28);
      const leaf = faded(dimmed(hsl(random.between(85, 150), 0.35, 0.28), palette), palette, (1 - nearness) * 0.45);
      const trunk = dimmed("#5a412c", palette);
      const stem = `<rect x="${n(x - size * 0.035)}" y="${n(foot - size * 0.35)}" width="${n(size * 0.07)}" height="${n(size * 0.35)}" fill="${trunk}"/>`;
      const crown = [0, 1, 2]
        .map((tier) => {
          const top = foot - size * (0.55 + tier * 0.25);
          const reach = size * (0.26 - tier * 0.06);
          return `<polygon points="${n(x)},${n(top - size * 0.12)} ${n(x - reach)},${n(top + size * 0.3)} ${n(x + reach)},${n(top + size * 0.3)}" fill="${mix(leaf, "#ffffff", tier * 0.06)}"/>`;
        })
        .join("");
      return stem + crown;
    })
    .join("");
}

function grass({ ground: colour }: Palette, { canvas: { width, height }, horizon, random }: Brush): string {
  return times(120, () => {
    const x = random.between(0, width);
    const y = random.between(horizon + height * 0.1, height);
    const size = height * 0.03 * (y / height);
    return `<path d="M${n(x)} ${n(y)}q${n(size * 0.2)} ${n(-size)} ${n(size * 0.5)} ${n(-size * 1.2)}" stroke="${mix(colour, "#ffffff", random.between(0, 0.3))}" stroke-width="${n(height / 400)}" fill="none"/>`;
  });
}

function buildings(palette: Palette, { canvas: { width, height }, horizon, random }: Brush, farness: number): string {
  let drawn = "";
  for (let x = -width * 0.02; x < width; ) {
    const w = width * random.between(0.05, 0.1);
    const h = height * random.between(0.14, 0.42) * (1 + farness * 0.4);
    const top = horizon - h + height * 0.04;
    const wall = faded(
      dimmed(hsl(random.between(200, 250), 0.12, random.between(0.3, 0.5)), palette),
      palette,
      farness,
    );
    drawn += `<rect x="${n(x)}" y="${n(top)}" width="${n(w)}" height="${n(h)}" fill="${wall}"/>`;
    const pane = w / 7;
    for (let row = top + pane; row < horizon - pane && farness === 0; row += pane * 2) {
      for (let column = x + pane; column < x + w - pane; column += pane * 2) {
        const isLit = random.between(0, 1) < 0.25 + palette.darkness * 0.5;
        const colour = isLit ? palette.glow : mix(wall, "#000000", 0.25);
        drawn += `<rect x="${n(column)}" y="${n(row)}" width="${n(pane)}" height="${n(pane * 1.2)}" fill="${colour}" opacity="0.85"/>`;
      }
    }
    x += w * random.between(1, 1.15);
  }
  return drawn;
}

function road(palette: Palette, { canvas: { width, height }, horizon }: Brush): string {
  const at = horizon + height * 0.03;
  const colour = dimmed("#44474d", palette);
  const lane = `<polygon points="${n(width * 0.47)},${n(at)} ${n(width * 0.53)},${n(at)} ${n(width * 0.85)},${height} ${n(width * 0.15)},${height}" fill="${colour}"/>`;
  const marks = [0.1, 0.3, 0.6].map((share) => {
    const y = at + (height - at) * share;
    return `<rect x="${n(width / 2 - share * 8)}" y="${n(y)}" width="${n(4 + share * 16)}" height="${n((height - at) * 0.1 * (share + 0.4))}" fill="${dimmed("#d9d6c3", palette)}"/>`;
  });
  return lane + marks.join("");
}

function water(palette: Palette, { canvas: { width, height }, horizon, random }: Brush): string {
  const lines = times(90, () => {
    const y = random.between(horizon + 4, height);
    const length = width * random.between(0.02, 0.08) * (y / height);
    return wave({ x: random.between(0, width), y }, length, mix(palette.ground, palette.skyLow, 0.6));
  });
  return `<rect y="${horizon}" width="${width}" height="${height - horizon}" fill="${palette.ground}"/>${lines}`;
}

function wave({ x, y }: { readonly x: number; readonly y: number }, length: number, colour: Colour): string {
  return `<path d="M${n(x)} ${n(y)}q${n(length / 2)} ${n(-length / 9)} ${n(length)} 0" stroke="${colour}" stroke-width="${n(length / 16)}" fill="none" opacity="0.7"/>`;
}

function shore(palette: Palette, { canvas: { width, height }, random }: Brush): string {
  const colour = dimmed("#d9c08c", palette);
  const y = height * random.between(0.84, 0.88);
  return `<path d="M0 ${n(y)}Q${n(width * 0.3)} ${n(y - height * 0.05)} ${n(width * 0.6)} ${n(y + height * 0.01)}T${width} ${n(y)}V${height}H0Z" fill="${colour}"/>`;
}

function dunes(palette: Palette, brush: Brush): string {
  const { height } = brush.canvas;
  return times(4, (index) => {
    const base = brush.horizon + (height - brush.horizon) * index * 0.22;
    const colour = mix(faded(palette.ground, palette, 0.4 - index * 0.13), "#000000", index * 0.06);
    return `<polygon points="${ridge(brush, base + height * 0.03, height * 0.09)}" fill="${colour}"/>`;
  });
}

function peaks(palette: Palette, { canvas: { width, height }, horizon, random }: Brush): string {
  return times(7, (index) => {
    const x = width * (index / 6 + random.between(-0.06, 0.06));
    const h = height * random.between(0.25, 0.48);
    const half = h * random.between(0.7, 0.95);
    const rock = faded(dimmed("#66707e", palette), palette, random.between(0.15, 0.5));
    const cap = faded(dimmed("#f2f5f8", palette), palette, 0.1);
    const top = horizon + height * 0.03 - h;
    const body = `<polygon points="${n(x - half)},${n(horizon + height * 0.03)} ${n(x)},${n(top)} ${n(x + half)},${n(horizon + height * 0.03)}" fill="${rock}"/>`;
    const snow = `<polygon points="${n(x - half * 0.28)},${n(top + h * 0.28)} ${n(x)},${n(top)} ${n(x + half * 0.28)},${n(top + h * 0.28)} ${n(x + half * 0.1)},${n(top + h * 0.22)} ${n(x)},${n(top + h * 0.32)} ${n(x - half * 0.1)},${n(top + h * 0.2)}" fill="${cap}"/>`;
    return body + snow;
  });
}

function houses(palette: Palette, { canvas: { width, height }, horizon, random }: Brush): string {
  return times(8, (index) => {
    const x = width * (0.02 + index * 0.125 + random.between(-0.02, 0.02));
    const size = height * random.between(0.1, 0.16);
    const foot = horizon + height * random.between(0.03, 0.1);
    const wall = dimmed(hsl(random.between(20, 50), 0.3, random.between(0.6, 0.8)), palette);
    const roof = dimmed(hsl(random.between(0, 25), 0.5, 0.35), palette);
    const pane = palette.darkness > 0.3 ? palette.glow : "#5c7d94";
    return (
      `<rect x="${n(x)}" y="${n(foot - size)}" width="${n(size * 1.2)}" height="${n(size)}" fill="${wall}"/>` +
      `<polygon points="${n(x - size * 0.12)},${n(foot - size)} ${n(x + size * 0.6)},${n(foot - size * 1.6)} ${n(x + size * 1.32)},${n(foot - size)}" fill="${roof}"/>` +
      `<rect x="${n(x + size * 0.2)}" y="${n(foot - size * 0.75)}" width="${n(size * 0.25)}" height="${n(size * 0.25)}" fill="${pane}"/>` +
      `<rect x="${n(x + size * 0.7)}" y="${n(foot - size * 0.55)}" width="${n(size * 0.28)}" height="${n(size * 0.55)}" fill="${mix(roof, "#000000", 0.3)}"/>`
    );
  });
}

function room(palette: Palette, { canvas: { width, height }, random }: Brush): string {
  const wall = dimmed(hsl(random.between(15, 60), 0.25, 0.62), { ...palette, darkness: palette.darkness * 0.7 });
  const floorAt = height * 0.72;
  const [x, y, w, h] = [width * random.between(0.58, 0.68), height * 0.14, width * 0.2, height * 0.36];
  const view = `<rect x="${n(x)}" y="${n(y)}" width="${n(w)}" height="${n(h)}" fill="url(#sky)" stroke="${mix(wall, "#000000", 0.5)}" stroke-width="${n(height / 60)}"/>`;
  const cross = `<path d="M${n(x + w / 2)} ${n(y)}v${n(h)}M${n(x)} ${n(y + h / 2)}h${n(w)}" stroke="${mix(wall, "#000000", 0.5)}" stroke-width="${n(height / 100)}"/>`;
  const boards = times(12, (index) => {
    const share = index / 11;
    return `<line x1="${n(width * share)}" y1="${n(floorAt)}" x2="${n(width * (share * 1.8 - 0.4))}" y2="${height}" stroke="${mix(palette.ground, "#000000", 0.3)}" stroke-width="${n(height / 300)}"/>`;
  });
  const shelves = [0.2, 0.34, 0.48].map((level) => {
    const at = height * level;
    const books = times(11, (index) => {
      const tall = height * random.between(0.06, 0.1);
      return `<rect x="${n(width * (0.09 + index * 0.021))}" y="${n(at - tall)}" width="${n(width * 0.017)}" height="${n(tall)}" fill="${dimmed(hsl(random.between(0, 360), 0.4, 0.42), palette)}"/>`;
    });
    return `${books}<rect x="${n(width * 0.08)}" y="${n(at)}" width="${n(width * 0.25)}" height="${n(height * 0.014)}" fill="${mix(palette.ground, "#000000", 0.35)}"/>`;
  });
  return `<rect width="${width}" height="${n(floorAt)}" fill="${wall}"/>${view}${cross}${shelves.join("")}<rect y="${n(floorAt)}" width="${width}" height="${n(height - floorAt)}" fill="${palette.ground}"/>${boards}`;
}

function planets(_palette: Palette, { canvas: { width, height }, random }: Brush): string {
  return times(3, (index) => {
    const [x, y, r] = [
      width * random.between(0.1, 0.9),
      height * random.between(0.1, 0.5),
      height * random.between(0.04, 0.16),
    ];
    const colour = hsl(random.between(0, 360), 0.45, 0.5);
    const ring =
      index === 0
        ? `<ellipse cx="${n(x)}" cy="${n(y)}" rx="${n(r * 1.7)}" ry="${n(r * 0.35)}" fill="none" stroke="${mix(colour, "#ffffff", 0.5)}" stroke-width="${n(r * 0.12)}"/>`
        : "";
    return `<circle cx="${n(x)}" cy="${n(y)}" r="${n(r)}" fill="${colour}"/><path d="M${n(x)} ${n(y - r)}a${n(r)} ${n(r)} 0 0 1 0 ${n(r * 2)}a${n(r * 0.7)} ${n(r)} 0 0 0 0 ${n(-r * 2)}" fill="#000" opacity="0.35"/>${ring}`;
  });
}
