import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "../../runtime/client/connection/client.ts";
import type { Client } from "../../runtime/client/connection/types.ts";
import { servePages, type Page } from "../../runtime/client/metrics/serve.ts";
import { errnoOf, messageOf, xmError } from "../../runtime/contract/errors.ts";
import { parseDuration } from "../../runtime/contract/fields/units.ts";
import { xmCommand } from "../call/command.ts";
import { readAddress, untilInterrupted } from "../call/listening.ts";

export default xmCommand({
  name: "metrics",
  description: "Prints metrics for Prometheus (OpenMetrics), or serves or writes them",
  args: {
    listen: {
      type: "string",
      description: "Serve /metrics until Ctrl-C, such as `127.0.0.1:9209`",
      valueHint: "HOST:PORT",
    },
    textfile: {
      type: "string",
      description: "Write them to a file, or to xm.prom in a folder, for node_exporter",
      valueHint: "PATH",
    },
    every: {
      type: "string",
      description: "With --textfile: write again at this interval",
      valueHint: "TIME",
    },
    "pm2-names": { type: "boolean", description: "Also as `pm2_up`, `pm2_memory` and so on" },
  },
  run: async ({ args }) => {
    const client = connect({ autostart: false });
    const pm2Names = args["pm2-names"] === true;
    if (args.listen !== undefined) {
      const { host, port } = readAddress(args.listen, "127.0.0.1:9209");
      const page = (request: IncomingMessage): Promise<Page> =>
        metricsPage(client, { pm2Names, accept: request.headers.accept });
      const server = await servePages({ host, port, paths: ["/metrics"], page });
      return untilInterrupted(server, (at) => `metrics on http://${at}/metrics\n`);
    }
    const write = async (): Promise<void> => {
      const accept = args.textfile === undefined ? "application/openmetrics-text" : undefined;
      const { text } = await metricsPage(client, { pm2Names, accept });
      if (args.textfile === undefined) process.stdout.write(text);
      else writeAtomic(args.textfile, text);
    };
    await write();
    if (args.every === undefined || args.textfile === undefined) return;
    const everyMs = parseDuration(args.every);
    if (everyMs === undefined || everyMs < 100) {
      const what = `--every: expected a time such as 15s, got "${args.every}"`;
      throw xmError("ERR_USAGE", { what, fix: "for example `--every 15s`" });
    }
    const again = (): void => {
      setTimeout(() => {
        write()
          .catch((error: unknown) => process.stderr.write(`xm: ${messageOf(error)}\n`))
          .finally(again);
      }, everyMs);
    };
    again();
  },
});

/** A reader that takes OpenMetrics gets it; others get Prometheus' older text. */
async function metricsPage(
  client: Client,
  { pm2Names, accept }: { pm2Names: boolean; accept: string | undefined },
): Promise<Page> {
  const { openMetricsType, prometheusType, render, scrape } =
    await import("../../runtime/client/metrics/index.ts");
  const type = accept?.includes("application/openmetrics-text") ? openMetricsType : prometheusType;
  const scraped = await scrape(client);
  return { type, text: await render(scraped, { type, pm2Names }) };
}

/** node_exporter reads it at any time, as another user, who may write to the folder: no link there is followed. */
function writeAtomic(path: string, text: string): void {
  const file = isFolder(path) ? join(path, "xm.prom") : path;
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    rmSync(temporary, { force: true });
    writeFileSync(temporary, text, { mode: 0o644, flag: "wx" });
    renameSync(temporary, file);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    const what = `--textfile: ${messageOf(error)}`;
    throw xmError("ERR_USAGE", { what, fix: "name a file in a folder that you can write to" });
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
