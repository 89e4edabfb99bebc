import { describe, expect, it } from "vitest";
import { checkContent, parseContentDigest } from "./content-digest.ts";

/** From RFC 9530, B.1, and RFC 9421, B.2. */
const SHA_256 = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
const SHA_512 = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";
const check = (header: string, body: string) =>
  checkContent(parseContentDigest(header) ?? new Map(), Buffer.from(body));

describe("content digests (A2.7)", () => {
  it("accepts the bodies of the RFCs' examples", () => {
    check(SHA_256, '{"hello": "world"}\n');
    check(SHA_512, '{"hello": "world"}');
  });

  it.each([SHA_256, SHA_512])("refuses any other body: %s", (header) => {
    for (const body of ["", '{"hello": "World"}\n', '{"hello": "world"} ']) {
      expect(() => check(header, body)).toThrow("not the one that was signed");
    }
  });

  it("wants every digest it knows to be right, and passes over those it does not know", () => {
    const right = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
    check(`${right}, ${SHA_512}`, '{"hello": "world"}');
    check(`md5=:AAAA:, ${SHA_512}`, '{"hello": "world"}');
    expect(() => check(`${SHA_256}, ${SHA_512}`, '{"hello": "world"}')).toThrow("not the one that was signed");
  });

  it.each(["", "sha-256", "sha-256=abc", "sha-256=(:AA==:)", "md5=:AAAA:", "toString=:AAAA:", "sha-256=:A"])(
    "reads none from %j",
    (header) => {
      expect(parseContentDigest(header)).toBeUndefined();
    },
  );
});
