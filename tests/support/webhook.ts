import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A request that a target got. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

/** A target of notices on 127.0.0.1: answers 200 until it is told otherwise. */
export async function webhook(): Promise<{
  readonly url: string;
  readonly received: Received[];
  /** What becomes of requests: a status, or never an answer. */
  answer: (how: number | "hang") => void;
}> {
  const received: Received[] = [];
  let how: number | "hang" = 200;
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => (text += part));
    request.on("end", () => {
      received.push({ path: request.url ?? "", headers: request.headers, text });
      if (how === "hang") return;
      response.writeHead(how).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, received, answer: (next) => void (how = next) };
}
