import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { ApiClient, Body } from "../api-client.ts";

export interface DemoItem {
  readonly title: string;
  /** Lives on loopback, which an instance that was not started for the demo refuses to fetch from. */
  readonly isLocal?: true;
  submit(api: ApiClient): Promise<Submitted>;
}

export type Submitted = Body<"uploadContent"> | Body<"ingestUrl">;

/** Not a real video: eleven characters of the right kind, and its words are supplied with it. */
const VIDEO_URL = "https://youtu.be/millrace-01";
const TRANSCRIPT = `Welcome back to the workshop. Today we look at what happens when a worker dies in the middle of a job.
We start three workers against one PostgreSQL database and one Redis. The first worker claims the job and gets fence
number one, together with a lease of thirty seconds. Now I pull the plug: kill minus nine, no goodbye.
Watch the dashboard. The lease runs out, the reconciler notices that the job has no ticket in Redis any more, and it
adds a new one. The second worker claims the same job with fence number two and carries on with the next stage. It does
not repeat the stages that were committed before, because their results are rows in the database.
And if the first worker comes back from the dead? Its fence is too old, so the database refuses the write. That is the
whole trick: a compare and set on the fence, in one SQL statement. No distributed lock, no ZooKeeper, no luck.
If you want to read more, look at BullMQ and ioredis for the queue and at Drizzle for the schema. See you next week.`;

function upload(path: string): DemoItem {
  return {
    title: basename(path),
    async submit(api) {
      const form = new FormData();
      form.append("file", new File([await readFile(path)], basename(path)));
      return (await api.post<Body<"uploadContent">>("/api/v1/content", form)).body;
    },
  };
}

function page(url: string, title: string): DemoItem {
  return {
    title,
    submit: async (api) => (await api.post<Body<"ingestUrl">>("/api/v1/ingest?force=true", { url })).body,
  };
}

const video: DemoItem = {
  title: "YouTube item with a supplied transcript",
  async submit(api) {
    const body = {
      url: VIDEO_URL,
      transcript_text: TRANSCRIPT,
      language: "en",
      metadata: { title: "What happens when a worker dies", channel_title: "The Queue Workshop" },
    };
    return (await api.post<Body<"ingestYoutube">>("/api/v1/youtube/ingest?force=true", body)).body;
  },
};

export interface DemoChoice {
  readonly root: string;
  readonly files: readonly string[];
  readonly urls: readonly string[];
  readonly localPageUrl: string;
}

/** What the demo puts in: one of each kind, and whatever was named on the command line. */
export function demoItems({ root, files, urls, localPageUrl }: DemoChoice): readonly DemoItem[] {
  const readme = join(root, "README.md");
  return [
    ...(existsSync(readme) ? [upload(readme)] : []),
    ...files.map(upload),
    { ...page(localPageUrl, "web page served by this demo"), isLocal: true },
    ...urls.map((url) => page(url, url)),
    video,
  ];
}
