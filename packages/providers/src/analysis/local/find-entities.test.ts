import { describe, expect, it } from "vitest";
import { documentStructure } from "./document-structure.ts";
import { englishReader } from "./english-reader.ts";
import { findPeople } from "./find-people.ts";
import { findReferences } from "./find-references.ts";
import { findTools } from "./find-tools.ts";
import { edgeTypeFor, mentionOf } from "./mentions.ts";
import { readSentences } from "./reading.ts";

async function read(text: string) {
  const structure = documentStructure(text);
  return { structure, sentences: readSentences(structure.blocks, await englishReader()) };
}

async function tools(text: string) {
  const { structure, sentences } = await read(text);
  return findTools(sentences, structure).map((tool) => tool.name);
}

describe("findTools", () => {
  it.each([
    ["We moved from docker to Kubernetes.", ["Docker", "Kubernetes"]],
    ["Written in Python with Node.js and C++.", ["C++", "Node.js", "Python"]],
    ["Visual Studio Code and GitHub Actions are used.", ["GitHub Actions", "Visual Studio Code"]],
    ["PostgreSQL's planner", ["PostgreSQL"]],
    ["we install prometheus and helm on the nodes", ["Helm", "Prometheus"]],
  ])("finds what %j names", async (text, names) => {
    expect((await tools(text)).sort()).toEqual(names);
  });

  it.each([
    ["Let us go and make a word of it, said the chef, while the cursor moved."],
    ["Go home. Make it so. Swift action helped."],
    ["The snake, a python, react to heat; the temporal order matters."],
    ["He walked to Phoenix in spring."],
  ])("takes no everyday word for software: %j", async (text) => {
    expect(await tools(text)).toEqual([]);
  });

  it("believes an everyday word said twice with a sign of software", async () => {
    expect(await tools("The server is written in Go. We use Go because the Go compiler is fast.")).toEqual(["Go"]);
  });

  it("reads install commands, without versions and switches, and who installs", async () => {
    expect(
      (
        await tools(
          "```sh\nnpm install --save left-pad@1.3.0 @scope/pkg\npip install requests\n```\nRun `brew install jq`.",
        )
      ).sort(),
    ).toEqual(["@scope/pkg", "brew", "jq", "left-pad", "npm", "pip", "requests"]);
  });
});

describe("findReferences", () => {
  it("reads repositories, papers and standards from their addresses", async () => {
    const text =
      "See [it](https://github.com/redis/redis.git), https://gitlab.com/a/b/-/issues, https://github.com/sponsors/x, https://github.com/redis/redis/pull/3, arXiv:2101.00001, https://arxiv.org/pdf/2101.00001v2, doi 10.1000/xyz123. RFC 9110 and RFC9110.";
    const { structure } = await read(text);
    expect(findReferences(text, structure).map(({ type, name, count }) => `${type} ${name} ${count}`)).toEqual([
      "paper RFC 9110 2",
      "paper arXiv:2101.00001 2",
      "repo redis/redis 2",
      "repo a/b 1",
      "paper doi:10.1000/xyz123 1",
    ]);
  });
});

describe("findPeople", () => {
  it("finds full names only", async () => {
    const { sentences } = await read(
      "Maria Keller said the plan by Dr. John Smith was late. Maria Keller left. Bob agreed. The Free Software Foundation and New York objected in South Africa.",
    );
    expect(await findPeople(sentences)).toEqual([
      { name: "Maria Keller", confidence: "high", count: 2 },
      { name: "John Smith", confidence: "high", count: 1 },
    ]);
  });
});

describe("edgeTypeFor", () => {
  it.each([
    ["The service is built with Redis.", "", "uses"],
    ["Jobs are stored in Redis.", "", "uses"],
    ["The layout is described in Redis.", "", "cites"],
    ["Redis came up.", "", "mentions"],
    ["Redis came up.", "All about Redis", "discusses"],
    ["Redis came up.", "Redis tutorial", "demonstrates"],
    [Array.from({ length: 9 }, (_, at) => `Redis does thing ${at}.`).join(" "), "", "discusses"],
    ["We do not speak of it using other words. Redis came up.", "", "mentions"],
  ])("%j under the title %j", async (text, title, edge) => {
    const { sentences } = await read(text);
    expect(edgeTypeFor(mentionOf("Redis", sentences), title)).toBe(edge);
  });

  it("finds whole words only, outside addresses, whatever the name's characters", async () => {
    const { sentences } = await read("Predis and redisx at https://redis.io are others. C++ and a.c*b are names.");
    expect(mentionOf("Redis", sentences).count).toBe(0);
    expect(mentionOf("C++", sentences).count).toBe(1);
    expect(mentionOf("a.c*b", sentences).count).toBe(1);
  });
});
