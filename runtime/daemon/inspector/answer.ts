import type { IncomingMessage, ServerResponse } from "node:http";
import { answerError, addressOf, type Answer } from "../api/server.ts";
import { XmError, xmError } from "../../contract/errors.ts";
import { hideEnvironment } from "../registry/redaction.ts";
import type { Daemon } from "../daemon.ts";
import type { Connections } from "./connections.ts";
import { pagePath, sendFile, type PageFolders } from "./files.ts";
import { answerStranger, assertKnown, assertOurs, pageHost, setSecurityHeaders } from "./gate.ts";
import { mostViewers, type Live } from "./live.ts";
import type { Sessions } from "./sessions.ts";
import { sendTimeline } from "./timeline-route.ts";

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Answers requests to the inspector's port; never rejects. */
export function createAnswer(options: {
  readonly daemon: Daemon;
  readonly sessions: Sessions;
  readonly connections: Connections;
  readonly live: Live;
  readonly folders: PageFolders;
  readonly answerApi: Answer;
  readonly save: () => void;
  readonly log: (line: string) => void;
}): (exchange: Exchange, port: number) => Promise<void> {
  const { daemon, sessions, connections, live, folders, answerApi, save } = options;

  const read = async (
    { request, response }: Exchange,
    url: URL,
    mayControl: boolean,
  ): Promise<boolean> => {
    if (request.method !== "GET") return false;
    const path = url.pathname;
    if (path === "/inspector/live") {
      if (live.viewers >= mostViewers)
        throw xmError("ERR_INSPECTOR_FULL", { viewers: mostViewers });
      await daemon.isRestored;
      const process = idFrom(url.searchParams.get("process"));
      live.serve({ request, response, process, mayControl });
      return true;
    }
    if (path === "/inspector/timeline") {
      await daemon.isRestored;
      await sendTimeline(response, daemon, url.searchParams.get("since"));
      return true;
    }
    return path.startsWith("/charts/") && (await sendFile(response, path, folders));
  };
  const answer = async (exchange: Exchange, port: number): Promise<void> => {
    const { request, response } = exchange;
    setSecurityHeaders(response);
    hideEnvironment(response);
    assertOurs(request, port);
    const url = addressOf(request);
    const path = url.pathname;
    const file = request.method === "GET" ? pagePath(path) : undefined;
    if (file !== undefined && request.headers.host !== `${pageHost}:${port}`) {
      response.writeHead(308, { location: `http://${pageHost}:${port}${path}` }).end();
      return;
    }
    if (file !== undefined && (await sendFile(response, file, folders))) return;
    if (await answerStranger(exchange, path, { sessions, save })) return;
    const { control } = assertKnown(request, { sessions });
    if (!connections.admit(request.socket)) {
      throw xmError("ERR_INSPECTOR_FULL", { viewers: mostViewers });
    }
    if (path.startsWith("/v1/")) {
      await answerApi(exchange, { over: "tcp", control });
      return;
    }
    if (await read(exchange, url, control)) return;
    throw xmError("ERR_ROUTE_NOT_FOUND", { method: request.method ?? "GET", path });
  };
  return async (exchange, port) => {
    try {
      await answer(exchange, port);
    } catch (error) {
      // Invalid requests are answered and not logged: anyone can send any number.
      const isOwnFault = !(error instanceof XmError) || error.class === "failed";
      const isDenied = error instanceof XmError && error.class === "denied";
      if (isDenied && !exchange.response.headersSent) {
        exchange.response.setHeader("connection", "close");
      }
      answerError(exchange, error, isOwnFault ? options.log : () => undefined);
    }
  };
}

function idFrom(text: string | null): number | null {
  if (text === null || text === "") return null;
  const id = Number(text);
  if (Number.isSafeInteger(id) && id >= 0) return id;
  const shown = text.slice(0, 100);
  throw xmError("ERR_INPUT_INVALID", { faults: [`process: expected an id, got "${shown}"`] });
}
