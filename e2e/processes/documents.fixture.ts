import PDFDocument from "pdfkit";

const PARAGRAPHS = [
  "A durable queue writes every accepted job down before it answers, so that a crash of any process loses nothing that was promised.",
  "Workers take a lease on a job, run one stage at a time, and commit each result together with the step forward in a single statement.",
  "When a worker disappears, its lease runs out and another worker continues with the stage that had not been committed yet.",
  "Redis decides the pace: it holds the tickets that are due now, and it may be emptied at any moment without harm to the record in Postgres.",
  "Engineers at large companies have described the same pattern under many names: outbox, inbox, saga, lease, fencing token.",
];

export const MARKDOWN = `---
title: Durable queues in practice
tags: [queues, postgres]
---
# Durable queues in practice

${PARAGRAPHS.join("\n\n")}

## Further reading

See [PostgreSQL](https://www.postgresql.org/docs/), [BullMQ](https://github.com/taskforcesh/bullmq) and [[Leases]].

\`\`\`sql
SELECT * FROM jobs FOR UPDATE SKIP LOCKED;
\`\`\`
`;

export const TRANSCRIPT = PARAGRAPHS.concat(PARAGRAPHS)
  .map((text, i) => `[${String(i).padStart(2, "0")}:15] ${text}`)
  .join("\n");

export const articlePage =
  (): string => `<!doctype html><html lang="en"><head><title>Queues that keep promises</title></head><body>
<nav><a href="/home">Home</a> <a href="/shop">Shop</a></nav>
<article><h1>Queues that keep promises</h1>${PARAGRAPHS.concat(PARAGRAPHS)
    .map((text) => `<p>${text}</p>`)
    .join("")}</article><footer>Copyright</footer></body></html>`;

/** A PDF with text on each of `pages` pages, locked with `password` if one is given. */
export function bookPdf(pages: number, password?: string): Promise<Uint8Array> {
  const document = new PDFDocument({
    autoFirstPage: false,
    info: { Title: "A book of queues" },
    ...(password !== undefined && { userPassword: password, pdfVersion: "1.7" as const }),
  });
  const chunks: Buffer[] = [];
  document.on("data", (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<Uint8Array>((resolve) => document.on("end", () => resolve(Buffer.concat(chunks))));
  for (let page = 1; page <= pages; page++) {
    document.addPage().fontSize(18).text(`Chapter ${page}`).fontSize(11);
    for (const text of PARAGRAPHS) document.moveDown().text(text);
  }
  document.end();
  return ended;
}
