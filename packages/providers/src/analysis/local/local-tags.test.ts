import { describe, expect, it } from "vitest";
import { documentStructure } from "./document-structure.ts";
import { englishReader } from "./english-reader.ts";
import { isSubject, keyPhrases, specialised } from "./key-phrases.ts";
import { tagOf } from "./local-tags.ts";
import { readSentences } from "./reading.ts";

it.each([
  ["Job Queue", "job-queue"],
  ["Node.js", "nodejs"],
  ["C++", "cpp"],
  ["C#", "csharp"],
  ["naïve café", "naive-cafe"],
  ["HTTP/2", "http-2"],
  ["queue_name", "queue-name"],
  ["日本語", null],
  ["2fa", null],
  ["a", null],
  ["x".repeat(40), null],
  ["TLA+", null],
])("%j as a tag is %j", (phrase, tag) => {
  expect(tagOf(phrase)).toBe(tag);
});

describe("keyPhrases", () => {
  async function phrasesOf(text: string, title = "") {
    const reader = await englishReader();
    const structure = documentStructure(text);
    return keyPhrases(readSentences(structure.blocks, reader), structure, reader.readSentence(title), reader);
  }

  it("counts spellings of one phrase together and shows the commonest", async () => {
    const phrases = await phrasesOf(
      "The rate limit is low. One rate limit is kept for each owner. Both rate limits are read.",
    );
    expect(phrases.find((phrase) => phrase.text === "rate limit")).toMatchObject({ count: 3 });
  });

  it("knows a subject made of two general words", async () => {
    const phrases = await phrasesOf(
      "Machine learning is slow. Teams that use machine learning, and those that fear machine learning, agree.",
    );
    expect(phrases.filter(isSubject).map((phrase) => phrase.text)).toContain("machine learning");
  });

  it("ranks the subject above everyday words, whatever their number", async () => {
    const phrases = await phrasesOf(
      "The way to use a semaphore is new. A semaphore is a good thing. People use the way of the semaphore every day, in a new way.",
    );
    expect(phrases[0]!.text).toBe("semaphore");
    expect(phrases.map((phrase) => phrase.text)).not.toEqual(expect.arrayContaining(["way", "thing", "people", "day"]));
  });

  it("puts the phrase in the place of a word that mostly occurs in it", async () => {
    const phrases = await phrasesOf(
      "A decision record helps. Each decision record is short. Decision records are kept. A decision matters.",
      "Decision records",
    );
    expect(specialised(phrases)[0]!.key).toBe("decis record");
    expect(specialised(phrases).map((phrase) => phrase.key)).not.toContain("decis");
  });

  it("does not mistake a program's identifiers for subjects", async () => {
    const phrases = await phrasesOf(
      "Set `owner_id` first. The owner_id names the tenant. Each tenant has an owner_id. A tenant pays.",
    );
    const rank = (text: string) => phrases.findIndex((phrase) => phrase.text === text);
    expect(rank("tenant")).toBeLessThan(rank("owner_id"));
  });
});
