import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** An article as a site would serve it, with the menu and the footer that a reader does not want. */
const PAGE = `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>What a mill race teaches about queues | The Water Wheel</title>
  <meta name="author" content="Ada Brook">
</head>
<body>
  <nav><a href="/">Home</a> <a href="/archive">Archive</a> <a href="/subscribe">Subscribe now!</a></nav>
  <article>
    <h1>What a mill race teaches about queues</h1>
    <p>A mill race is the channel that carries water from the river to the wheel. The river rises and falls with the
    weather, but the wheel must turn at a steady pace, and so every miller since the Romans has put a pond and a gate
    between the two. Software engineers rebuilt the same thing out of databases and message brokers and called it a
    job queue.</p>
    <h2>The pond is the truth</h2>
    <p>The water that counts is the water in the pond. In a job queue the pond is the database: a job that has been
    written to PostgreSQL survives a crash, a restart and a power cut. Redis is the race, fast and shallow. It can run
    dry at any moment, and when it does the gatekeeper only has to open the gate again. A system that keeps the truth
    in the race loses work whenever the race is emptied.</p>
    <h2>Gates, not floods</h2>
    <p>Back-pressure is the art of keeping the gate half closed. If a worker claims more jobs than it can finish, a
    crash takes all of them down with it. A lease limits the damage: the claim expires, another worker takes over, and
    a fencing token makes sure that the first one cannot write a late result. Martin Kleppmann described the pattern
    in his article on distributed locks, and it applies to every queue that runs on more than one machine.</p>
    <h2>What to measure</h2>
    <ul>
      <li>How long a job waits before a worker claims it, at the 95th percentile.</li>
      <li>How many jobs are retried, and which stage failed.</li>
      <li>How many milliseconds pass between a cancelled job and an idle worker.</li>
    </ul>
    <p>The libraries are good today. BullMQ on Redis, River on PostgreSQL with Go, Oban with Elixir and Solid Queue
    with Ruby all make sound choices, and reading their source code is time well spent. See also
    <a href="https://github.com/taskforcesh/bullmq">BullMQ on GitHub</a> and
    <a href="https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html">how to do distributed
    locking</a>.</p>
  </article>
  <footer>Copyright The Water Wheel. Cookies, privacy, imprint.</footer>
</body>
</html>
`;

export interface DemoPage {
  readonly url: string;
  close(): void;
}

/** Serves the article on loopback, so that the demo shows a fetch without needing a network. */
export async function serveDemoPage(): Promise<DemoPage> {
  const server = createServer((request, response) => {
    const isArticle = request.url === "/what-a-mill-race-teaches";
    response.writeHead(isArticle ? 200 : 404, { "content-type": "text/html; charset=utf-8" });
    response.end(isArticle ? PAGE : "<p>Not here.</p>");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/what-a-mill-race-teaches`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
