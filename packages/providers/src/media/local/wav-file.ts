import { mediaFailed } from "./run-tool.ts";

export interface WavFile {
  readonly sampleRate: number;
  readonly channels: number;
  readonly bitsPerSample: number;
  readonly samples: Buffer;
}

const HEADER_BYTES = 44;
const PCM = 1;

/** Reads PCM. Bytes after the sound, and sizes that promise more than is there, are no errors: writers to memory leave both. */
export function readWav(bytes: Uint8Array): WavFile {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (
    file.length < HEADER_BYTES ||
    file.toString("latin1", 0, 4) !== "RIFF" ||
    file.toString("latin1", 8, 12) !== "WAVE"
  ) {
    throw mediaFailed("What was spoken is no wav.");
  }
  let format: Omit<WavFile, "samples"> | undefined;
  for (let at = 12; at + 8 <= file.length; ) {
    const name = file.toString("latin1", at, at + 4);
    const size = file.readUInt32LE(at + 4);
    const body = file.subarray(at + 8, Math.min(file.length, at + 8 + size));
    if (name === "fmt " && body.length >= 16 && body.readUInt16LE(0) === PCM) {
      format = {
        channels: body.readUInt16LE(2),
        sampleRate: body.readUInt32LE(4),
        bitsPerSample: body.readUInt16LE(14),
      };
    }
    if (name === "data" && format !== undefined) return { ...format, samples: body };
    at += 8 + size + (size % 2);
  }
  throw mediaFailed("What was spoken holds no sound.");
}

export function writeWav({ sampleRate, channels, bitsPerSample, samples }: WavFile): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const bytesPerFrame = (channels * bitsPerSample) / 8;
  header.write("RIFF", 0, "latin1");
  header.writeUInt32LE(HEADER_BYTES - 8 + samples.length, 4);
  header.write("WAVEfmt ", 8, "latin1");
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(PCM, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(sampleRate * bytesPerFrame, 28);
  header.writeUInt16LE(bytesPerFrame, 32);
  header.writeUInt16LE(bitsPerSample, 34);
  header.write("data", 36, "latin1");
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}

export function secondsOf({ sampleRate, channels, bitsPerSample, samples }: WavFile): number {
  return samples.length / ((sampleRate * channels * bitsPerSample) / 8);
}
