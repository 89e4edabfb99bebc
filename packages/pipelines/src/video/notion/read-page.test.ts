import type { NotionPage, NotionProperty } from "@millrace/providers";
import { describe, expect, it } from "vitest";
import { type BoardChannel, type BoardEntry, readPage } from "./read-page.ts";

const nature: BoardChannel = { id: "c-1", names: ["Nature", "nature_1"], priority: "low", isActive: true };
const idle: BoardChannel = { id: "c-2", names: ["Idle"], priority: "normal", isActive: false };

function read(texts: Record<string, string | null>): BoardEntry {
  const properties: Record<string, NotionProperty> = Object.fromEntries(
    Object.entries({ Title: "The fox", Topic: "Foxes", Channel: "Nature", ...texts }).map(([name, text]) => [
      name,
      { kind: "rich_text", text },
    ]),
  );
  const page: NotionPage = {
    id: "a".repeat(32),
    lastEditedAt: "2026-01-01T00:00:00.000Z",
    lastEditedBy: null,
    databaseId: null,
    isGone: false,
    properties,
  };
  return readPage(page, [nature, idle]);
}

describe("a page of the board", () => {
  it("C2.5 becomes what a task takes from it", () => {
    expect(read({ "Story Direction": " slow ", Priority: "High", Status: "Queued", "Error Log": "note" })).toEqual({
      pageId: "a".repeat(32),
      status: "queued",
      priority: "high",
      errorLog: "note",
      task: {
        fields: {
          channelId: "c-1",
          notionPageId: "a".repeat(32),
          title: "The fox",
          topic: "Foxes",
          storyDirection: "slow",
          priority: "high",
        },
      },
    });
  });

  it("C2.5 needs no more than Title, Topic and Channel; the priority is the channel's then", () => {
    expect(read({})).toMatchObject({
      status: "draft",
      priority: undefined,
      task: { fields: { storyDirection: "", priority: "low" } },
    });
  });

  it("takes the short id of a channel, and columns in any case", () => {
    expect(read({ Channel: null, " CHANNEL ": "x" })).toMatchObject({ task: { problems: ["Channel is missing"] } });
    expect(read({ Channel: "NATURE_1", "story direction": "calm" })).toMatchObject({
      task: { fields: { channelId: "c-1", storyDirection: "calm" } },
    });
  });

  it("drops what Postgres cannot store", () => {
    expect(read({ Title: "a\0b\ud800c🦊" })).toMatchObject({ task: { fields: { title: "abc🦊" } } });
  });

  it.each<[Record<string, string | null>, string[]]>([
    [{ Title: null }, ["Title is missing"]],
    [{ Topic: "  " }, ["Topic is missing"]],
    [{ Channel: null }, ["Channel is missing"]],
    [{ Title: null, Topic: null, Channel: null }, ["Title is missing", "Topic is missing", "Channel is missing"]],
    [{ Title: "x".repeat(256) }, ["Title has more than 255 characters"]],
    [{ Topic: "x".repeat(501) }, ["Topic has more than 500 characters"]],
    [{ Channel: "Space" }, ['Channel "Space" is not known here']],
    [{ Channel: "Idle" }, ['Channel "Idle" is switched off']],
    [{ Priority: "Urgent" }, ['Priority "Urgent" is none of Low, Normal, High']],
  ])("C2.5 stays in Draft with its reasons: %j", (texts, problems) => {
    expect(read(texts).task).toEqual({ problems });
  });

  it("counts characters as Postgres does", () => {
    expect(read({ Title: "🦊".repeat(255), Topic: "x".repeat(500) }).task).toHaveProperty("fields");
    expect(read({ Title: "🦊".repeat(256) }).task).toHaveProperty("problems");
  });

  it("C-Q21 a label nobody knows is no status", () => {
    expect(read({ Status: "Parked" }).status).toBeUndefined();
  });
});
