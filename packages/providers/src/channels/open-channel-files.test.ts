import { once } from "node:events";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { collectLogs, until } from "@millrace/testing";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ChannelFiles, type ChannelFilesOptions, openChannelFiles } from "./open-channel-files.ts";

let folder: string;
const opened: ChannelFiles[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-channels-"));
});
afterEach(async () => {
  for (const files of opened.splice(0)) files.close();
  await rm(folder, { recursive: true, force: true });
});

/** As far as a test is concerned it reads again only when it is told to. */
const NEVER_MS = 2 ** 31 - 1;

async function open(options: Partial<ChannelFilesOptions> = {}) {
  const logs = collectLogs();
  const files = await openChannelFiles({ folder, log: logs.log, readEveryMs: NEVER_MS, ...options });
  opened.push(files);
  return { files, lines: logs.lines };
}
const channelText = (id: string, name = id, more = "") =>
  `channel_id: ${id}\nchannel_name: ${name}\nnotion_database_id: null\n${more}`;
const write = (name: string, text: string) => writeFile(join(folder, name), text);
const writeAndRead = async (files: ChannelFiles, name: string, text: string) => {
  await write(name, text);
  await files.reload();
};
const namesOf = (files: ChannelFiles) =>
  files
    .current()
    .channels.map(({ channelId, channelName, share }) => `${channelId} ${channelName}${share.isActive ? "" : " off"}`);
const problemsOf = (files: ChannelFiles) =>
  files.current().problems.map(({ file, channelId }) => [file.slice(folder.length + 1), channelId]);

describe("openChannelFiles (C2.6)", () => {
  it("reads .yaml and .yml, and leaves out others, hidden ones and templates", async () => {
    await write("b.yaml", channelText("b"));
    await write("a.yml", channelText("a"));
    for (const name of ["c.yaml~", "d.txt", ".e.yaml", "_f.yaml", "yaml"]) await write(name, channelText("x"));
    const { files } = await open();
    expect([namesOf(files), problemsOf(files)]).toEqual([["a a", "b b"], []]);
  });

  it("a wrong file stops no other, at the start and later", async () => {
    await write("a.yaml", "channel_id: [");
    await write("b.yaml", channelText("b"));
    const { files, lines } = await open();
    expect([namesOf(files), problemsOf(files)]).toEqual([["b b"], [["a.yaml", null]]]);
    await write("c.yaml", channelText("c", "c", "max_concurrent: 11\n"));
    await writeAndRead(files, "b.yaml", channelText("b", "new"));
    expect([namesOf(files), problemsOf(files)]).toEqual([
      ["b new"],
      [
        ["a.yaml", null],
        ["c.yaml", "c"],
      ],
    ]);
    const errors = lines.filter(({ level }) => level === "error");
    expect(errors.map(({ fields }) => fields)).toEqual(files.current().problems);
  });

  it("a file that became wrong keeps its channel as it was, until it is right again", async () => {
    await write("a.yaml", channelText("a", "first"));
    const { files } = await open();
    for (const text of [
      "",
      "channel_id: [",
      channelText("a", "second", "weight: 0\n"),
      channelText("other", "x", "nonsense: 1\n"),
    ]) {
      await writeAndRead(files, "a.yaml", text);
      expect(namesOf(files)).toEqual(["a first"]);
      expect(files.current().problems).toHaveLength(1);
    }
    await writeAndRead(files, "a.yaml", "channel_id: [");
    expect(problemsOf(files)).toEqual([["a.yaml", "a"]]);
    await writeAndRead(files, "a.yaml", channelText("a", "third"));
    expect([namesOf(files), problemsOf(files)]).toEqual([["a third"], []]);
  });

  it("a removed file makes its channel inactive, and active again when it is back", async () => {
    await write("a.yaml", channelText("a"));
    await write("b.yaml", channelText("b"));
    const { files } = await open();
    await rm(join(folder, "a.yaml"));
    await files.reload();
    expect(namesOf(files)).toEqual(["a a off", "b b"]);
    await writeAndRead(files, "b.yaml", channelText("b", "new"));
    expect(namesOf(files)).toEqual(["a a off", "b new"]);
    await writeAndRead(files, "other.yaml", channelText("a"));
    expect(namesOf(files)).toEqual(["a a", "b new"]);
  });

  it("a wrong file that is removed keeps its channel no longer", async () => {
    await write("a.yaml", channelText("a"));
    const { files } = await open();
    await writeAndRead(files, "a.yaml", "nonsense");
    await rm(join(folder, "a.yaml"));
    await files.reload();
    expect([namesOf(files), problemsOf(files)]).toEqual([["a a off"], []]);
  });

  it("a file that takes another id leaves the old channel inactive", async () => {
    await write("a.yaml", channelText("a"));
    const { files } = await open();
    await writeAndRead(files, "a.yaml", channelText("z"));
    expect(namesOf(files)).toEqual(["a a off", "z z"]);
  });

  it("C-S41: an id is unique: of two files with it the first by name counts, and a right one before one that is kept", async () => {
    await write("b.yaml", channelText("x", "from b"));
    const { files } = await open();
    await writeAndRead(files, "c.yaml", channelText("x", "from c"));
    expect([namesOf(files), problemsOf(files)]).toEqual([["x from b"], [["c.yaml", "x"]]]);
    expect(files.current().problems[0]?.reasons).toEqual([expect.stringContaining(join(folder, "b.yaml"))]);
    await writeAndRead(files, "a.yaml", channelText("x", "from a"));
    expect(namesOf(files)).toEqual(["x from a"]);
    await writeAndRead(files, "a.yaml", "nonsense");
    expect([namesOf(files), problemsOf(files)]).toEqual([
      ["x from b"],
      [
        ["a.yaml", "x"],
        ["c.yaml", "x"],
      ],
    ]);
  });

  it("ids that differ in case are two channels", async () => {
    await write("a.yaml", channelText("x"));
    await write("b.yaml", channelText("X"));
    const { files } = await open();
    expect(namesOf(files)).toEqual(["X X", "x x"]);
  });

  it("takes only files of a sensible size, and nothing that is no file", async () => {
    await mkdir(join(folder, "a.yaml"));
    await write("b.yaml", `${channelText("b")}# ${"x".repeat(64 * 1024)}\n`);
    const server = createServer().listen(join(folder, "c.yaml"));
    await once(server, "listening");
    await write("d.yaml", channelText("d"));
    const { files } = await open().finally(() => server.close());
    expect(namesOf(files)).toEqual(["d d"]);
    expect(files.current().problems.map(({ reasons }) => reasons)).toEqual([
      ["is no file"],
      ["is larger than 65536 bytes"],
      ["is no file"],
    ]);
  });

  it("does not start without its folder; one that is gone later changes no channel", async () => {
    await expect(open({ folder: join(folder, "none") })).rejects.toThrow("ENOENT");
    await write("a.yaml", channelText("a"));
    const { files } = await open();
    await rename(folder, `${folder}.away`);
    try {
      await files.reload();
      expect(namesOf(files)).toEqual(["a a"]);
      expect(files.current().problems).toMatchObject([{ file: folder, reasons: [expect.stringContaining("ENOENT")] }]);
    } finally {
      await rename(`${folder}.away`, folder);
    }
    await writeAndRead(files, "a.yaml", "nonsense");
    expect([namesOf(files), problemsOf(files)]).toEqual([["a a"], [["a.yaml", "a"]]]);
  });

  it("notices by itself that a file came, changed or was replaced", async () => {
    await write("a.yaml", channelText("a"));
    const { files } = await open({ readEveryMs: 10 });
    await write("b.yaml", channelText("b"));
    await until(() => namesOf(files).includes("b b"));
    await write("next", channelText("a", "new"));
    await rename(join(folder, "next"), join(folder, "a.yaml"));
    await until(() => namesOf(files).includes("a new"));
  });

  it("tells of changes and of nothing else, and survives a listener that fails", async () => {
    await write("a.yaml", channelText("a"));
    const told: string[][] = [];
    const { files, lines } = await open({
      onChange: async ({ channels }) => {
        told.push(channels.map(({ channelName }) => channelName));
        if (told.length === 1) throw new Error("the database is away");
      },
    });
    const before = files.current();
    await files.reload();
    expect([told, files.current() === before]).toEqual([[], true]);
    await writeAndRead(files, "a.yaml", channelText("a", "second"));
    await files.reload();
    await writeAndRead(files, "a.yaml", channelText("a", "third"));
    expect(told).toEqual([["second"], ["third"]]);
    expect(lines.filter(({ level }) => level === "error").map(({ fields }) => fields)).toEqual([
      { error: "the database is away" },
    ]);
  });

  it("says each problem once, and logs no value of a file", async () => {
    const secret = "1//0-refresh-token";
    const { files, lines } = await open();
    await writeAndRead(files, "a.yaml", channelText("a", "a", `youtube_refresh_token: ${secret}\n`));
    await writeAndRead(files, "b.yaml", `youtube_refresh_token: "${secret}\n`);
    await files.reload();
    expect(lines.filter(({ level }) => level === "error")).toHaveLength(2);
    expect(JSON.stringify([lines, files.current()])).not.toContain(secret);
    expect(JSON.stringify(lines)).toContain("youtube_refresh_token");
  });

  it("reads nothing more once it is closed", async () => {
    const { files } = await open({ readEveryMs: 10 });
    files.close();
    await writeAndRead(files, "a.yaml", channelText("a"));
    expect(files.current().channels).toEqual([]);
  });

  it("keeps to one rule through any history: right files count, wrong ones keep, removed ones go inactive", async () => {
    const step = fc.record({
      file: fc.constantFrom("a", "b", "c"),
      act: fc.constantFrom("right", "right", "wrong", "removed"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        await rm(folder, { recursive: true });
        await mkdir(folder);
        const { files } = await open();
        const expected = new Map<string, string>();
        const present = new Set<string>();
        for (const [no, { file, act }] of steps.entries()) {
          const last = expected.get(file);
          if (act === "removed") {
            await rm(join(folder, `${file}.yaml`), { force: true });
            if (last !== undefined) expected.set(file, `${last.replace(/ off$/, "")} off`);
            present.delete(file);
          } else {
            await write(`${file}.yaml`, act === "right" ? channelText(file, `v${no}`) : "wrong");
            if (act === "right") expected.set(file, `${file} v${no}`);
            present.add(file);
          }
          await files.reload();
          expect(namesOf(files)).toEqual([...expected].sort().map(([, shown]) => shown));
        }
      }),
      { numRuns: 40 },
    );
  });
});
