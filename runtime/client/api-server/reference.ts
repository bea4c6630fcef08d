import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ServerResponse } from "node:http";
import { calls, type Call } from "../../contract/api/calls.ts";
import { summaries } from "../../contract/api/summaries.ts";

/** The generated description, which the package has beside the programs. */
const file = join(import.meta.dirname, "../../docs/reference/openapi.json");

export async function openApiFile(response: ServerResponse): Promise<void> {
  const text = await readFile(file);
  response.writeHead(200, { "content-type": "application/json" }).end(text);
}

/** What can be asked over TCP, on one page without scripts; it holds nothing of this machine. */
export function referencePage(response: ServerResponse): void {
  response.writeHead(200, {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
  });
  response.end(page());
}

function page(): string {
  const rows = Object.entries(summaries).flatMap(([name, summary]) => {
    const { method, path, overTcp, kind, bodyOverTcp }: Call =
      calls[name as keyof typeof summaries];
    if (overTcp === undefined) return [];
    const body =
      bodyOverTcp === undefined
        ? ""
        : `<br>body: <code>${bodyOverTcp.replace(/Schema$/, "")}</code>`;
    const stream =
      kind === "stream"
        ? "<br>a stream of NDJSON, or of server-sent events by <code>Accept</code>"
        : "";
    return `<tr><td><code>${method} /v1${escape(path)}</code></td><td>${overTcp}</td><td>${escape(summary)}${body}${stream}</td></tr>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Ex Machina API</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
code, pre { font: 13px/1.5 ui-monospace, monospace; }
pre { padding: .75rem 1rem; background: color-mix(in srgb, currentColor 8%, transparent); overflow-x: auto; }
</style></head><body>
<h1>Ex Machina API</h1>
<p>Send a token with each request. <code>xm api --token read</code> prints one that can read, <code>xm api --token control</code> one that can also control what is declared.
Schemas of bodies and answers: <a href="/openapi.json">openapi.json</a> (what it marks with <code>x-over-tcp: never</code> is available on the daemon's unix socket only).</p>
<pre>curl -H "Authorization: Bearer $(xm api --token read)" http://127.0.0.1:9610/v1/processes
curl -H "Authorization: Bearer $(xm api --token control)" -H 'content-type: application/json' \\
  -d '{"action":"restart","ids":[0],"by":"deploy script"}' http://127.0.0.1:9610/v1/actions</pre>
<table><thead><tr><th>Request</th><th>Token</th><th>What it does</th></tr></thead><tbody>
${rows.join("\n")}
</tbody></table>
</body></html>
`;
}

function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(/`([^`]*)`/g, "<code>$1</code>");
}
