/** US dollars for one unit, by model; a model that is missing has no known price. */
export type MediaPrices = Readonly<Record<string, number>>;

/** List prices; what an account really pays depends on its plan and is given to the makers. See docs/media-providers.md. */
const MEDIA_PRICES: MediaPrices = {
  "gemini-2.5-flash-image": 0.039, // an image: 1,290 tokens at 30 USD a million
  "kling/v2-5-turbo-image-to-video-pro": 0.042, // a second: 84 credits of 0.005 USD for ten
  // A credit of the Creator plan, 22 USD for 100,000.
  eleven_v3: 0.00022,
  eleven_multilingual_v2: 0.00022,
  eleven_flash_v2_5: 0.00022,
  eleven_text_to_sound_v2: 0.00022,
};

/** Null when the price is not known. Rounded to what a row of costs holds. */
export function costOf(model: string, units: number, own: MediaPrices = {}): number | null {
  const prices = { ...MEDIA_PRICES, ...own };
  const price = Object.hasOwn(prices, model) ? prices[model] : undefined;
  return price === undefined ? null : Math.round(price * units * 10_000) / 10_000;
}
