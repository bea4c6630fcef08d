import { createServer, type Server } from "node:http";
import type { Client, ProcessView } from "../../runtime/client/connection/types.ts";
import { messageOf, xmError } from "../../runtime/contract/errors.ts";

/** What an orchestrator asks for. */
type Probe = "startupz" | "readyz" | "livez";

type Seen = Pick<ProcessView, "name" | "id" | "status" | "readiness">;

/**
 * The answer to a probe. That the daemon answers at all is that it lives; an app that fails is the daemon's business and no
 * reason to end the container.
 * @param hasStarted every app has been ready once.
 * @returns what is not as it should be; nothing when all is.
 */
export function troublesOf(
  probe: Probe,
  processes: readonly Seen[],
  hasStarted: boolean,
): string[] {
  if (probe === "livez" || (probe === "startupz" && hasStarted)) return [];
  if (processes.length === 0) return ["no app is declared"];
  return processes
    .filter((each) => !isReady(each))
    .map(({ name, id, status }) => `${name} (${id}) is ${status}`);
}

/** Requests come from outside, and this process is the container's first: many of them must use up neither its descriptors nor the daemon's time. */
const mostConnections = 64;
const asksWithinMs = 5_000;

/** An app that was stopped, or has finished its work, takes no requests and is not waited for. */
function isReady({ status, readiness }: Seen): boolean {
  return (
    status === "stopped" || status === "completed" || (status === "online" && readiness === "ready")
  );
}

/**
 * Answers `/startupz`, `/readyz` and `/livez`.
 * @param address `:9090`, `9090` or `127.0.0.1:9090`; without a host every address, since who asks is outside.
 * @throws `ERR_USAGE`
 */
export async function serveProbes(address: string, client: Client): Promise<Server> {
  const { host, port } = addressOf(address);
  let hasStarted = false;
  let asked: Promise<readonly Seen[]> | undefined;
  /** One question to the daemon answers all who ask meanwhile. */
  const list = (): Promise<readonly Seen[]> => {
    asked ??= client.list().finally(() => (asked = undefined));
    return asked;
  };
  const options = { requestTimeout: asksWithinMs, headersTimeout: asksWithinMs };
  const server = createServer(options, (request, response) => {
    const probe = /^\/(startupz|readyz|livez)\/?(?:\?.*)?$/.exec(request.url ?? "")?.[1];
    const answer = (status: number, text: string): void => {
      response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
    };
    if (probe === undefined) return answer(404, "/startupz, /readyz or /livez");
    list().then(
      (processes) => {
        const troubles = troublesOf(probe as Probe, processes, hasStarted);
        if (probe !== "livez" && troubles.length === 0) hasStarted = true;
        answer(troubles.length === 0 ? 200 : 503, troubles.join("\n") || "ok");
      },
      (error: unknown) => answer(503, messageOf(error)),
    );
  });
  server.maxConnections = mostConnections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => {
      const what = `--probes ${address}: ${messageOf(error)}`;
      reject(
        xmError("ERR_USAGE", { what, fix: "name a port that is free, such as `--probes :9090`" }),
      );
    });
    server.listen({ port, ...(host === undefined ? {} : { host }) }, resolve);
  });
  return server;
}

function addressOf(address: string): { host: string | undefined; port: number } {
  const [, host = "", port = ""] = /^(?:(.*):)?(\d{1,5})$/.exec(address) ?? [];
  if (port === "" || Number(port) > 65_535) {
    throw xmError("ERR_USAGE", {
      what: `--probes: expected an address such as ":9090", got "${address}"`,
      fix: "`--probes :9090` for every address, `--probes 127.0.0.1:9090` for one",
    });
  }
  return { host: host === "" ? undefined : host.replaceAll(/[[\]]/g, ""), port: Number(port) };
}
