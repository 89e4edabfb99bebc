import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectDatabase, createKeyStore, createTaskStore, type Database, type TaskStore } from "@millrace/db";
import { parseChannelFields } from "@millrace/providers";
import { createTestDatabase, notionProperties, startFakeNotion, type TestDatabase, until } from "@millrace/testing";
import { Command } from "commander";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addOutsideCommands } from "./add-outside-commands.ts";
import { createColour } from "./colour.ts";
import { readConfig } from "./config.ts";
import { boxOrThrow } from "./credentials/credential-box.ts";
import { examineCredentials } from "./credentials/examine-credentials.ts";

const SECRET = "1//0a-refresh-token-that-nobody-may-see";
const KEY = randomBytes(32).toString("base64");

let database: TestDatabase;
let db: Database;
let tasks: TaskStore;
let ownerId: string;
beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDatabase({ url: database.url, maxConnections: 2, applicationName: "outside-test" });
  tasks = createTaskStore(db);
  ownerId = (await createKeyStore(db).createOwner({ name: "studio" })).id;
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(() => putChannel("nature"));
afterEach(async () => {
  await db.query("delete from channel_credentials");
  await db.query("delete from channels");
  await db.query("delete from notion_events");
});

async function putChannel(channelId: string, notionDatabaseId: string | null = null): Promise<void> {
  const parsed = parseChannelFields({
    channel_id: channelId,
    channel_name: `The ${channelId}`,
    notion_database_id: notionDatabaseId,
  });
  if ("reasons" in parsed) throw new Error(parsed.reasons.join());
  const { fields, share, channelName, quotaPool } = parsed.channel;
  await tasks.putChannel({ ownerId, channelId, channelName, ...share, quotaPool, source: "api", config: fields });
}

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}, input = "") {
  const result = { code: 0, out: "" };
  const say = (line: string): void => {
    result.out += `${line}\n`;
  };
  const program = new Command("millrace").exitOverride().configureOutput({ writeOut: say, writeErr: say });
  addOutsideCommands(program, {
    config: readConfig({ DATABASE_URL: database.url, CREDENTIAL_KEYS: KEY, ...env }),
    terminal: { colour: createColour(false), say, warn: say },
    setExitCode(code) {
      result.code = code;
    },
    readInput: async () => input,
  });
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    result.code = 1;
    say((error as Error).message);
  }
  return result;
}

describe("millrace credentials", () => {
  it("keeps a credential sealed for its channel, and never shows it: set, list, a failing open", async () => {
    const set = await run(["credentials", "set", "nature", "youtube_refresh_token"], {}, `${SECRET}\n`);
    const list = await run(["credentials"]);
    const closed = await run(["credentials", "list"], { CREDENTIAL_KEYS: randomBytes(32).toString("base64") });
    expect([set.code, list.code, closed.code]).toEqual([0, 0, 1]);
    expect(list.out).toBe("nature  youtube_refresh_token  opens\n");
    expect(closed.out).toBe("nature  youtube_refresh_token  does not open: key_unknown\n");

    const rows = await db.query("select * from channel_credentials");
    const audit = await db.query("select event, details from audit_events");
    expect(audit).toMatchObject([
      {
        event: "audit.credential_change",
        details: { channel: "nature", name: "youtube_refresh_token", change: "set" },
      },
    ]);
    for (const said of [set.out, list.out, closed.out, JSON.stringify(rows), JSON.stringify(audit)]) {
      for (const secret of [SECRET, KEY]) expect(said).not.toContain(secret);
    }
    const [{ channelId, name, sealed } = { channelId: "", name: "", sealed: "" }] = await tasks.listCredentials();
    expect(sealed).toMatch(/^mc1\./);
    // bound to the uuid of its channel
    await putChannel("other");
    const other = await tasks.findVideoChannel("other", null);
    await tasks.putCredential(other?.id ?? "", name, sealed);
    expect(channelId).not.toBe(other?.id);
    expect((await run(["credentials", "list", "--json"])).out).toContain('"problem": "not_authentic"');
  });

  it("seals everything with a new key, and leaves alone what does not open", async () => {
    await run(["credentials", "set", "nature", "gemini_api_key"], {}, SECRET);
    const next = randomBytes(32).toString("base64");
    expect((await run(["credentials", "reseal"], { CREDENTIAL_KEYS: `${next},${KEY}` })).out).toBe("1 sealed anew\n");
    expect((await run(["credentials", "list"], { CREDENTIAL_KEYS: next })).code).toBe(0);
    const lost = await run(["credentials", "reseal"]);
    expect(lost.code).toBe(1);
    expect(lost.out).toContain("0 sealed anew, 1 do not open and stay as they are");
    expect((await run(["credentials", "list"], { CREDENTIAL_KEYS: next })).code).toBe(0);
  });

  it("removes, and refuses what makes no sense", async () => {
    await run(["credentials", "set", "nature", "kie_api_key"], {}, SECRET);
    expect((await run(["credentials", "remove", "nature", "kie_api_key"])).code).toBe(0);
    expect((await run(["credentials"])).out).toBe("No channel has a credential.\n");
    for (const [args, input, message] of [
      [["set", "nature", "password"], SECRET, "it is one of youtube_refresh_token, notion_token"],
      [["set", "nowhere", "kie_api_key"], SECRET, "There is no channel nowhere"],
      [["set", "nature", "kie_api_key"], " \n", "a credential has 1 to"],
      [["remove", "nature", "kie_api_key"], "", "nature has no kie_api_key"],
    ] as const) {
      const refused = await run(["credentials", ...args], {}, input);
      expect(refused).toMatchObject({ code: 1, out: expect.stringContaining(message) });
      expect(refused.out).not.toContain(SECRET);
    }
  });

  it("doctor names the channels whose credentials do not open", async () => {
    expect(await examineCredentials(db, KEY)).toEqual([]);
    await run(["credentials", "set", "nature", "notion_token"], {}, SECRET);
    expect(await examineCredentials(db, KEY)).toMatchObject([{ check: "credentials", severity: "ok" }]);
    for (const [keys, why] of [
      [undefined, "CREDENTIAL_KEYS is not set"],
      [randomBytes(32).toString("base64"), "key_unknown"],
    ] as const) {
      expect(await examineCredentials(db, keys)).toMatchObject([
        { severity: "warning", message: `Credentials of channels do not open: nature notion_token (${why})` },
      ]);
    }
  });
});

describe("millrace channels apply", () => {
  it("applies the files of a folder once; a wrong one is told by field, and stops no other", async () => {
    const folder = await mkdtemp(join(tmpdir(), "millrace-apply-"));
    try {
      const yaml = (id: string, more = "") => `channel_id: ${id}\nchannel_name: N\nnotion_database_id: null\n${more}`;
      await writeFile(join(folder, "a.yaml"), yaml("a"));
      await writeFile(join(folder, "b.yaml"), yaml("b", "max_concurrent: 99"));
      const dry = await run(["channels", "apply", folder, "--owner", "studio", "--dry-run"]);
      expect([dry.code, await tasks.findVideoChannel("a", null)]).toEqual([1, undefined]);
      const first = await run(["channels", "apply", folder, "--owner", "studio"]);
      expect(first.code).toBe(1);
      expect(first.out).toMatch(/b\.yaml is wrong:\n {2}max_concurrent: .*\na {2}applied\n$/);
      await rm(join(folder, "b.yaml"));
      const again = await run(["channels", "apply", folder], { CHANNELS_OWNER: "studio" });
      expect(again).toEqual({ code: 0, out: "Nothing to change.\n" });
      expect((await run(["channels", "apply", folder, "--owner", "nobody"])).out).toContain("There is no owner nobody");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("millrace notion", () => {
  it("check reads every board with its channel's token and names columns that are missing or of another kind", async () => {
    const notion = await startFakeNotion();
    const env = { NOTION_BASE_URL: notion.url, ALLOW_LOOPBACK: "true" };
    try {
      expect(await run(["notion", "check"], env)).toEqual({ code: 0, out: "No channel names a database of Notion.\n" });
      await putChannel("nature", notion.databaseId);
      expect((await run(["notion", "check"], env)).out).toContain("no token: set NOTION_API_TOKEN");
      await run(["credentials", "set", "nature", "notion_token"], {}, notion.token);
      expect((await run(["notion", "check"], env)).out).toContain("no page yet");
      const page = notion.addPage(
        notionProperties({ title: "The fox", texts: { Topic: "Foxes", Priority: "" }, selects: { Status: "Draft" } }),
      );
      const wrong = await run(["notion", "check"], env);
      expect(wrong.code).toBe(1);
      expect(wrong.out).toContain(
        "column Channel is missing\n  column Priority is of kind rich_text instead of select",
      );
      Object.assign(page.properties, notionProperties({ selects: { Channel: "Nature", Priority: null } }));
      const right = await run(["notion", "check"], env);
      expect(right).toEqual({ code: 0, out: `${notion.databaseId.replaceAll("-", "")}  nature  ok\n` });
      expect(wrong.out + right.out).not.toContain(notion.token);
    } finally {
      await notion.stop();
    }
  });

  it("sync asks the leader and says what came of it", async () => {
    const running = run(["notion", "sync"]);
    const asked = await until(async () => (await tasks.waitingNotionEvents(10))[0]);
    await tasks.handledNotionEvent(asked.id, "1 boards have no token");
    expect(await running).toEqual({ code: 1, out: "1 boards have no token\n" });
  });

  it("C-Q22 token shows what a handshake brought, newest first", async () => {
    expect((await run(["notion", "token"])).out).toContain("Notion has sent none");
    for (const token of ["secret_older", "secret_newer"]) {
      const sealed = boxOrThrow(KEY).seal({ channelId: "notion", name: "verification_token" }, token);
      await tasks.keepNotionEvent({ eventId: token, type: "verification_token", pageId: null, payload: { sealed } });
    }
    const { code, out } = await run(["notion", "token"]);
    expect(code).toBe(0);
    expect(out).toMatch(/Z {2}secret_newer\n.*Z {2}secret_older\nPaste the newest into Notion/);
  });
});
