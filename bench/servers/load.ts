// The load, in its own process: a number of POSTs over keep-alive connections, each with a key of its own.
import autocannon from "autocannon";

const [url = "", amount = "1000", connections = "100", run = "0"] = process.argv.slice(2);
let next = 0;
const started = Date.now();
let ended = started;
const instance = autocannon({
  url,
  amount: Number(amount),
  connections: Number(connections),
  requests: [
    {
      method: "POST",
      path: "/api/v1/jobs",
      headers: { "content-type": "application/json", authorization: `Bearer ${process.env["API_KEY"] ?? ""}` },
      setupRequest: (request) => ({
        ...request,
        body: JSON.stringify({ pipeline: "noop", input: { key: `${run}-${next++}` } }),
      }),
    },
  ],
});
// autocannon itself only looks once a second whether it is done
(instance as unknown as NodeJS.EventEmitter).on("response", () => {
  ended = Date.now();
});
const result = await instance;
process.send?.({ started, ended, refused: result.non2xx + result.errors });
process.disconnect?.();
