import { type Brush, type Canvas, n, type Palette, times } from "./brush.ts";
import { type Colour, mix } from "./colour.ts";
import { paintPlace } from "./paint-place.ts";
import type { Scene } from "./scene-of.ts";
import type { SeededRandom } from "./seeded-random.ts";

const SKIES: Record<Scene["time"], Omit<Palette, "ground">> = {
  dawn: { skyTop: "#6f8fc4", skyLow: "#f7cfae", glow: "#fff0c9", darkness: 0.15 },
  day: { skyTop: "#4f93d6", skyLow: "#cfe6f5", glow: "#fff6d5", darkness: 0 },
  dusk: { skyTop: "#3a3f77", skyLow: "#f0935c", glow: "#ffd28a", darkness: 0.35 },
  night: { skyTop: "#0b1230", skyLow: "#2b3a66", glow: "#f4f1d8", darkness: 0.62 },
};
const GROUNDS: Record<Scene["place"], Colour> = {
  forest: "#3d6b3c",
  city: "#5b5e66",
  sea: "#2f6f94",
  desert: "#d6ab6a",
  mountain: "#6b7a5a",
  village: "#7d9a55",
  interior: "#7a5a40",
  space: "#4a4658",
  field: "#86a857",
};
const GREY_SKY = "#8f98a3";
const DARK = "#0a0e1e";
const SNOW = "#eef3f8";

/** A place as an SVG: sky, light, land, what stands on it, weather. */
export function paintEnvironment(scene: Scene, canvas: Canvas, random: SeededRandom): string {
  const palette = paletteOf(scene);
  const { width, height } = canvas;
  const horizon = Math.round(height * random.between(0.56, 0.66));
  const sky =
    `<defs><linearGradient id="sky" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${palette.skyTop}"/>` +
    `<stop offset="1" stop-color="${palette.skyLow}"/></linearGradient>` +
    `<radialGradient id="shade"><stop offset="0.55" stop-color="#000" stop-opacity="0"/><stop offset="1" stop-color="#000" stop-opacity="0.38"/></radialGradient></defs>` +
    `<rect width="${width}" height="${height}" fill="url(#sky)"/>`;
  const above = scene.place === "interior" ? "" : paintSky(scene, palette, { canvas, horizon, random });
  const land = paintPlace(scene.place, palette, { canvas, horizon, random });
  const weather =
    scene.place === "interior" || scene.place === "space" ? "" : paintWeather(scene, { canvas, horizon, random });
  const shade = `<ellipse cx="${width / 2}" cy="${height / 2}" rx="${width * 0.8}" ry="${height * 0.85}" fill="url(#shade)"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${sky}${above}${land}${weather}${shade}</svg>`;
}

function paletteOf({ time, weather, place }: Scene): Palette {
  const sky = place === "space" ? { ...SKIES.night, skyTop: "#05060f", skyLow: "#181433" } : SKIES[time];
  const cover = weather === "clear" || place === "space" ? 0 : 0.5;
  const dullness = mix(GREY_SKY, DARK, sky.darkness);
  const ground = weather === "snow" && place !== "interior" ? mix(GROUNDS[place], SNOW, 0.75) : GROUNDS[place];
  return {
    ...sky,
    skyTop: mix(sky.skyTop, dullness, cover),
    skyLow: mix(sky.skyLow, dullness, cover),
    ground: mix(ground, DARK, place === "interior" ? sky.darkness * 0.5 : sky.darkness),
  };
}

function paintSky({ time, weather, place }: Scene, { glow, skyLow, darkness }: Palette, brush: Brush): string {
  const { canvas, horizon, random } = brush;
  const { width, height } = canvas;
  const isDark = time === "night" || place === "space";
  const starCount = isDark && (weather === "clear" || place === "space") ? 140 : 0;
  const stars = times(starCount, () => {
    const y = random.between(0, place === "space" ? height : horizon);
    return `<circle cx="${n(random.between(0, width))}" cy="${n(y)}" r="${n(random.between(0.4, 1.4) * (height / 540))}" fill="#fff" opacity="${n(random.between(0.4, 1))}"/>`;
  });
  const low = time === "dawn" || time === "dusk" ? 0.8 : 0.35;
  const x = width * random.between(0.15, 0.85);
  const y = horizon * random.between(low - 0.12, low + 0.08);
  const size = height * (isDark ? 0.05 : 0.065);
  const light =
    weather === "clear"
      ? [4, 2.2, 1]
          .map(
            (reach, index) =>
              `<circle cx="${n(x)}" cy="${n(y)}" r="${n(size * reach)}" fill="${glow}" opacity="${[0.12, 0.22, 1][index]}"/>`,
          )
          .join("")
      : "";
  const cloud = mix(mix(skyLow, "#ffffff", 0.6), DARK, darkness * 0.5);
  const clouds = times(place === "space" ? 0 : weather === "clear" ? 5 : 11, () => {
    const cx = random.between(-0.05, 1.05) * width;
    const cy = random.between(0.06, 0.62) * horizon;
    const w = width * random.between(0.05, 0.11);
    return [-0.9, 0, 0.9]
      .map(
        (side) =>
          `<ellipse cx="${n(cx + side * w)}" cy="${n(cy + Math.abs(side) * w * 0.12)}" rx="${n(w)}" ry="${n(w * (0.34 - Math.abs(side) * 0.1))}" fill="${cloud}" opacity="0.5"/>`,
      )
      .join("");
  });
  return stars + light + clouds;
}

function paintWeather({ weather }: Scene, { canvas, horizon, random }: Brush): string {
  const { width, height } = canvas;
  const unit = height / 540;
  switch (weather) {
    case "rain":
      return times(260, () => {
        const x = random.between(0, width);
        const y = random.between(0, height);
        return `<line x1="${n(x)}" y1="${n(y)}" x2="${n(x - 5 * unit)}" y2="${n(y + 22 * unit)}" stroke="#dfe9f2" stroke-width="${n(unit)}" opacity="0.4"/>`;
      });
    case "snow":
      return times(
        240,
        () =>
          `<circle cx="${n(random.between(0, width))}" cy="${n(random.between(0, height))}" r="${n(random.between(0.8, 2.8) * unit)}" fill="#fff" opacity="0.8"/>`,
      );
    case "fog":
      return [0, 1, 2, 3]
        .map(
          (band) =>
            `<ellipse cx="${n(random.between(0.2, 0.8) * width)}" cy="${n(horizon + band * height * 0.06)}" rx="${n(width * 0.9)}" ry="${n(height * 0.07)}" fill="#e6eaee" opacity="0.3"/>`,
        )
        .join("");
    default:
      return "";
  }
}
