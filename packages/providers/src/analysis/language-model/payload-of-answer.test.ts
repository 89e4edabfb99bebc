import { describe, expect, it } from "vitest";
import { payloadOfAnswer, withoutReasoning } from "./payload-of-answer.ts";

describe("payloadOfAnswer (A2.3 stage 13)", () => {
  const object = { tier: "A", summary: 'braces } in { "strings"' };
  const json = JSON.stringify(object);

  it.each([
    ["direct JSON", json],
    ["JSON with white space around it", `\n  ${json}\n`],
    ["a reasoning block before it", `<think>Is it {"tier":"S"}? No.</think>${json}`],
    ["a reasoning block of several lines in capitals", `<THINKING>\n{\n</THINKING>\n${json}`],
    ["a reasoning block whose opening tag was eaten", `so it is {"tier":"S"}\n</think>\n${json}`],
    ["a fenced block", `Here it is:\n\`\`\`json\n${json}\n\`\`\`\nDone.`],
    ["a fenced block without a language", `\`\`\`\n${json}\n\`\`\``],
    ["a second fenced block when the first is no answer", `\`\`\`js\nlet a = {};\n\`\`\`\n\`\`\`json\n${json}\n\`\`\``],
    ["a brace block in prose", `The {result} you asked for is ${json} as agreed.`],
  ])("reads %s", (_, answer) => {
    expect(payloadOfAnswer(answer)).toEqual(object);
  });

  it("leaves a tag alone that is only spoken of inside the JSON", () => {
    const answer = JSON.stringify({ summary: "Strip <think> and </think> first." });
    expect(payloadOfAnswer(answer)).toEqual({ summary: "Strip <think> and </think> first." });
  });

  it.each([
    ["nothing", ""],
    ["prose", "I cannot help with that."],
    ["truncated JSON", json.slice(0, -1)],
    ["a fragment of truncated JSON", '{"tags": ["a"], "more": {"summary": "half"}, "tier'],
    ["a list", "[1, 2]"],
    ["an object without any recognised key", '{"answer": 42}'],
    ["a bare string", '"tier"'],
    ["inherited keys", '{"__proto__": {"tier": "S"}}'],
  ])("finds nothing in %s", (_, answer) => {
    expect(payloadOfAnswer(answer)).toBeNull();
  });

  it("reads hostile answers in linear time", () => {
    const before = process.cpuUsage();
    for (const piece of ["{", "<think>", "</think>", "<think></think>", "```", '{"', "}{"]) {
      expect(payloadOfAnswer(piece.repeat(200_000))).toBeNull();
    }
    // Computing time, which a busy machine does not stretch; quadratic work would take minutes.
    expect(process.cpuUsage(before).user).toBeLessThan(5_000_000);
  });
});

describe("withoutReasoning", () => {
  it("is empty for an answer that only ever thought", () => {
    expect(withoutReasoning("<think>hm, hm")).toBe("");
    expect(withoutReasoning("<think>hm</think>\n")).toBe("");
    expect(withoutReasoning("<think>a</think><reasoning>b")).toBe("");
  });

  it("keeps an answer in which an opening tag is a word", () => {
    expect(withoutReasoning("The tag <think> opens a block")).toBe("The tag <think> opens a block");
  });
});
