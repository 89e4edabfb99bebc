import { expect, it } from "vitest";
import { documentStructure } from "./document-structure.ts";
import { englishReader } from "./english-reader.ts";
import { peopleByCue } from "./people-by-cue.ts";
import { readSentences } from "./reading.ts";

const peopleIn = async (text: string) =>
  Object.fromEntries(peopleByCue(readSentences(documentStructure(text).blocks, await englishReader())));

it.each([
  ['"We are late," said Marit Solheim.', ["Marit Solheim"]],
  ["Marit Solheim, who built it, left.", ["Marit Solheim"]],
  ["The hole was found by Lena Hartmann in May.", ["Lena Hartmann"]],
  ["Hannah Adeyemi: By accident.", ["Hannah Adeyemi"]],
  ["With kind regards,\n\nOluwaseun Adebayo", ["Oluwaseun Adebayo"]],
  ["We wrote to Mrs Okafor and to Dr. Ito.", ["Mrs Okafor", "Dr. Ito"]],
  ["Ines Carvalho has a new novel. Carvalho is good at work.", ["Ines Carvalho"]],
])("%j names %j", async (text, names) => {
  expect(Object.keys(await peopleIn(text))).toEqual(names);
});

it.each([
  ["a street, though it comes again", "The shop in Mill Lane is shut. Lane was closed. The lane is wide."],
  ["a name of two words without any sign of a person", "We went to Cold Harbour by boat."],
  ["a word that only starts the sentence", 'When Harker left, he said "No".'],
  ["small letters", "it was said by nobody at all"],
])("takes no person from %s", async (_, text) => {
  expect(await peopleIn(text)).toEqual({});
});

it("counts a name as often as it stands there", async () => {
  expect(await peopleIn("Marit Solheim said no. Later Marit Solheim left.")).toEqual({ "Marit Solheim": 2 });
});
