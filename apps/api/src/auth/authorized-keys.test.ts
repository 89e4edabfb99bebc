import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAuthorizedKeys } from "./authorized-keys.ts";

/** Made by `ssh-keygen -t ed25519`; its `-l` says what the fingerprint is. */
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBzp+VkEo+EnotA9goTbxBqxWFIO5WpBqJO5wa09tyda";
const FINGERPRINT = "SHA256:3yw3uvdSNEAu0/dw+3nsmxWMT8ZlRUP3pxPYmoYUVDY";
const withOptions = (options: string) => parseAuthorizedKeys(`${options} ${KEY} someone@somewhere`);

describe("authorized keys (A2.7)", () => {
  it("reads owner, scopes and the key, and names it as ssh-keygen does", () => {
    const { keys, problems } = withOptions('owner="acme",scopes="jobs:read jobs:write"');
    expect(problems).toEqual([]);
    expect(keys).toHaveLength(1);
    expect(keys[0]).toMatchObject({ ownerName: "acme", isAdmin: false, scopes: new Set(["jobs:read", "jobs:write"]) });
    expect(keys[0]?.fingerprint).toBe(FINGERPRINT);
    expect(keys[0]?.keyId).toBe(FINGERPRINT.slice("SHA256:".length).slice(0, 16));
    expect(keys[0]?.publicKey.asymmetricKeyType).toBe("ed25519");
  });

  it("limits a key to no scope without the option, and makes an admin by the word", () => {
    expect(withOptions('owner="a \\"b\\""').keys[0]).toMatchObject({
      ownerName: 'a "b"',
      scopes: null,
      isAdmin: false,
    });
    expect(withOptions('admin,owner="a"').keys[0]).toMatchObject({ isAdmin: true, ownerName: "a" });
    expect(parseAuthorizedKeys(`owner="a"\t${KEY}`).keys).toHaveLength(1);
  });

  it("passes over comments and empty lines, and counts lines", () => {
    const { keys, problems } = parseAuthorizedKeys(`# team\r\n\r\nowner="a" ${KEY}\nnonsense\n`);
    expect(keys).toHaveLength(1);
    expect(problems).toEqual([{ line: 4, problem: expect.any(String) }]);
  });

  it.each([
    [KEY, "lacks owner"],
    [`owner="" ${KEY}`, "lacks owner"],
    [`scopes="jobs:read" ${KEY}`, "lacks owner"],
    [`owner="a",scopes="jobs:everything" ${KEY}`, "unknown scope"],
    [`owner="a",scopes="" ${KEY}`, "no scopes"],
    [`owner="a",scopes ${KEY}`, "wrong option scopes"],
    [`owner="a",admin="no" ${KEY}`, "wrong option admin"],
    [`owner="a",owner="b" ${KEY}`, "twice"],
    [`owner="a",from="10.0.0.1" ${KEY}`, "unknown option from"],
    [`owner="a ${KEY}`, "cannot be read"],
    [`owner="a" ssh-rsa AAAAB3NzaC1yc2E=`, "ssh-ed25519"],
    [`owner="a" ssh-ed25519`, "ssh-ed25519"],
    [`owner="a" ssh-ed25519 AAAA`, "damaged"],
    [`owner="a" ${KEY.slice(0, -4)}`, "damaged"],
    [`owner="a" ${KEY}AAAA`, "damaged"],
    [`owner="a" ${KEY.replace("AAAAC3", "AAAAC4")}`, "damaged"],
  ])("grants nothing to %s", (line, why) => {
    const { keys, problems } = parseAuthorizedKeys(line);
    expect(keys).toEqual([]);
    expect(problems).toEqual([{ line: 1, problem: expect.stringContaining(why) }]);
  });

  it("grants nothing to a line with any character changed in the key", () => {
    const positions = fc.integer({ min: "ssh-ed25519 ".length, max: KEY.length - 1 });
    fc.assert(
      fc.property(positions, fc.string({ maxLength: 1 }), (at, put) => {
        const changed = KEY.slice(0, at) + put + KEY.slice(at + 1);
        fc.pre(changed !== KEY);
        const { keys } = parseAuthorizedKeys(`owner="a" ${changed}`);
        expect(keys.map(({ fingerprint }) => fingerprint)).not.toContain(FINGERPRINT);
      }),
    );
  });
});
