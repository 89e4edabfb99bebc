import { silentLog } from "@millrace/core";
import { expect, it } from "vitest";
import { watchQueueMemory } from "./queue-memory.ts";

it("tells an emptied queue from one that was only away", async () => {
  const answers: (string | Error)[] = [
    "a",
    "a",
    new Error("away"),
    new Error("away"),
    "a",
    "a",
    "b",
    new Error("away"),
    "c",
  ];
  const look = watchQueueMemory(
    {
      async incarnation() {
        const answer = answers.shift();
        if (typeof answer !== "string") throw answer;
        return answer;
      },
    },
    silentLog,
  );
  const seen: string[] = [];
  while (answers.length > 0) seen.push(await look());
  expect(seen).toEqual(["unsure", "same", "away", "away", "unsure", "same", "new", "away", "new"]);
});
