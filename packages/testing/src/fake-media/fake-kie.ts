import { type FakeProvider, startFakeProvider } from "./fake-provider.ts";
import { sampleMp4 } from "./sample-media.ts";

export interface KieOptions {
  /** States a task goes through, one for each look at it; the last one stays. */
  readonly states?: readonly string[];
  /** Of a task that fails. */
  readonly failCode?: string;
  readonly failMsg?: string;
  /** The MP4 of a task, by what was ordered. */
  readonly clip?: (input: KieInput) => Buffer | Promise<Buffer>;
}

export interface KieInput {
  readonly prompt: string;
  readonly image_url: string;
  readonly duration: string;
}

export interface FakeKie extends FakeProvider {
  readonly apiKey: string;
  /** Tasks that were ordered, each paid for, by id. */
  readonly orders: ReadonlyMap<string, KieInput>;
  forgetTasks(): void;
}

interface Task {
  readonly id: string;
  readonly input: KieInput;
  readonly states: string[];
}

/** KIE.ai: the job API, the file upload, and the hosts of both kinds of files, all at one address. */
export async function startFakeKie(options: KieOptions = {}): Promise<FakeKie> {
  const { states = ["waiting", "queuing", "generating", "success"], clip = defaultClip } = options;
  const apiKey = "kie-test-key-0123456789";
  const orders = new Map<string, KieInput>();
  const tasks = new Map<string, Task>();
  const files = new Map<string, Buffer>();

  const fake = await startFakeProvider(async (exchange) => {
    const { path, query, headers, sendJson, response } = exchange;
    const body = await exchange.readBody();
    const found = /^\/files\/(?<name>[^/]+)$/.exec(path)?.groups?.["name"];
    if (found !== undefined) {
      const task = tasks.get(found);
      const bytes = task === undefined ? files.get(found) : await clip(task.input);
      if (bytes === undefined) response.writeHead(404).end();
      else response.writeHead(200, { "content-type": "application/octet-stream" }).end(bytes);
      return;
    }
    const say = (code: number, msg: string, data: unknown = null): void => sendJson(200, { code, msg, data });
    if (headers["authorization"] !== `Bearer ${apiKey}`) return say(401, "You do not have access permissions");
    switch (path) {
      case "/api/file-stream-upload": {
        const name =
          /name="fileName"\r\n\r\n(?<name>[^\r\n]+)/.exec(body.toString("latin1"))?.groups?.["name"] ?? "file";
        files.set(name, body);
        return sendJson(200, { success: true, code: 200, msg: "ok", data: { fileName: name, downloadUrl: at(name) } });
      }
      case "/api/v1/jobs/createTask": {
        const { input } = JSON.parse(body.toString()) as { input: KieInput };
        const id = `task_${tasks.size + 1}`;
        tasks.set(id, { id, input, states: [...states] });
        orders.set(id, input);
        return say(200, "success", { taskId: id });
      }
      case "/api/v1/jobs/recordInfo": {
        const task = tasks.get(query.get("taskId") ?? "");
        return task === undefined ? say(422, "recordInfo is null") : say(200, "success", describe(task));
      }
      default:
        return say(404, "no such endpoint");
    }
  });

  const at = (name: string): string => `${fake.url}/files/${name}`;
  function describe({ id, states: left, input }: Task): object {
    const state = (left.length > 1 ? left.shift() : left[0]) ?? "waiting";
    const resultJson = state === "success" ? JSON.stringify({ resultUrls: [at(id)] }) : "";
    const isFailed = state === "fail";
    const failCode = isFailed ? (options.failCode ?? "500") : "";
    const failMsg = isFailed ? (options.failMsg ?? "Internal error") : "";
    return { taskId: id, state, param: JSON.stringify({ input }), resultJson, failCode, failMsg };
  }
  return { ...fake, apiKey, orders, forgetTasks: () => tasks.clear() };
}

function defaultClip(input: KieInput): Buffer {
  return sampleMp4(Number(input.duration) + 0.04);
}
