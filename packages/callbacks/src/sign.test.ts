import { createHmac, randomUUID } from "node:crypto";
import { verifyCallback } from "@millrace/client";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { callbackEventId } from "./event-id.ts";
import { newSecret, signedHeaders } from "./sign.ts";

const sentAt = new Date();
const id = randomUUID();
const body = JSON.stringify({ schema_version: "1", callback_event_id: id, text: "größer than äscii 🎈" });

describe("signedHeaders", () => {
  it("A-S26 A-Q11 D-7 are believed by the reference library and by our own client", () => {
    const secret = newSecret();
    const headers = signedHeaders({ id, sentAt, body, secrets: [secret] });
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    expect(verifyCallback(body, headers, secret)).toEqual(JSON.parse(body));
    expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow();
    expect(() => new Webhook(newSecret()).verify(body, headers)).toThrow();
  });

  it("carry a signature for each secret while one is being changed, the plain one with the newest", () => {
    const [newest, before] = [newSecret(), newSecret()];
    const headers = signedHeaders({ id, sentAt, body, secrets: [newest, before] });
    for (const secret of [newest, before]) {
      expect(new Webhook(secret).verify(body, headers)).toBeTruthy();
      expect(verifyCallback(body, headers, secret)).toBeTruthy();
    }
    expect(headers["x-signature-256"]).toBe(`sha256=${createHmac("sha256", newest).update(body).digest("hex")}`);
  });

  it("are those of the specification's own vector", () => {
    // from the test suite of the reference library
    const headers = signedHeaders({
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      sentAt: new Date(1_614_265_330_000),
      body: '{"test": 2432232314}',
      secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    });
    expect(headers["webhook-signature"]).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });
});

describe("callbackEventId", () => {
  it("A-S28 is a UUIDv5 that only job and event decide", () => {
    const jobId = "0199aaaa-0000-7000-8000-000000000000";
    const completed = callbackEventId(jobId, "pipeline_job.completed");
    // a change here would give every event out there a second identity
    expect(completed).toBe("98d7efe0-b8cf-5a7b-a98e-fa3d8997eee4");
    expect(callbackEventId(jobId, "pipeline_job.failed")).not.toBe(completed);
    expect(callbackEventId(jobId.replace("aaaa", "bbbb"), "pipeline_job.completed")).not.toBe(completed);
  });
});
