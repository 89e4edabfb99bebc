/** A file every MP4 reader takes for this long, with nothing to see in it. */
export function sampleMp4(seconds: number): Buffer {
  const header = Buffer.alloc(100);
  header.writeUInt32BE(1_000, 12);
  header.writeUInt32BE(Math.round(seconds * 1_000), 16);
  return Buffer.concat([
    box("ftyp", Buffer.from("isom\0\0\x02\0isom", "latin1")),
    box("moov", box("mvhd", header)),
    box("mdat", Buffer.alloc(64)),
  ]);
}

function box(name: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + content.length, 0);
  head.write(name, 4, "latin1");
  return Buffer.concat([head, content]);
}

/** Silent frames of MPEG-1 layer III, 128 kbit/s at 44,100 Hz; each is 1,152 samples long. */
export function sampleMp3(seconds: number): Buffer {
  const frame = Buffer.alloc(417);
  frame.set([0xff, 0xfb, 0x90, 0x64]);
  const frames = Math.max(1, Math.round((seconds * 44_100) / 1_152));
  return Buffer.concat(Array.from({ length: frames }, () => frame));
}

/** One grey pixel. */
export function samplePng(): Buffer {
  return Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==",
    "base64",
  );
}
