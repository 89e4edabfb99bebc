const BITRATES_1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const BITRATES_2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
/** By the header's bits: MPEG 2.5, none, MPEG 2, MPEG 1. */
const SAMPLE_RATES = [[11_025, 12_000, 8_000], [], [22_050, 24_000, 16_000], [44_100, 48_000, 32_000]];
const LAYER_3 = 1;
const MPEG_1 = 3;

/** How long an MP3 plays, by counting its frames; undefined when the bytes are none. */
export function mp3Seconds(bytes: Uint8Array): number | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let seconds = 0;
  for (let at = tagBytes(file); at + 4 <= file.length; ) {
    const frame = frameAt(file, at);
    if (frame === undefined) break; // a tag at the end
    seconds += frame.seconds;
    at += frame.bytes;
  }
  return seconds > 0 ? seconds : undefined;
}

/** ID3v2 writes its length with seven bits to a byte. */
function tagBytes(file: Buffer): number {
  if (file.length < 10 || file.toString("latin1", 0, 3) !== "ID3") return 0;
  return 10 + file.subarray(6, 10).reduce((sum, byte) => sum * 128 + (byte & 0x7f), 0);
}

function frameAt(file: Buffer, at: number): { readonly bytes: number; readonly seconds: number } | undefined {
  const header = file.readUInt32BE(at);
  if (header >>> 21 !== 0x7ff || ((header >>> 17) & 3) !== LAYER_3) return undefined;
  const version = (header >>> 19) & 3;
  const rate = SAMPLE_RATES[version]?.[(header >>> 10) & 3];
  const kilobits = (version === MPEG_1 ? BITRATES_1 : BITRATES_2)[(header >>> 12) & 15];
  if (rate === undefined || !kilobits) return undefined;
  const samples = version === MPEG_1 ? 1_152 : 576;
  const padding = (header >>> 9) & 1;
  return { bytes: Math.floor(((samples / 8) * kilobits * 1_000) / rate) + padding, seconds: samples / rate };
}
