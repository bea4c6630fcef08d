import { connect, constants, type ClientHttp2Session } from "node:http2";
import { loadOf, type Load } from "./load.ts";

/** A session, and the last stream that the server takes on it. */
interface Opened {
  readonly session: ClientHttp2Session;
  lastStream: number;
}

/**
 * Asks an HTTP/2 server again and again, each session with some streams at once. A session that the server ends
 * (GOAWAY) gets no more streams and is followed by a new one. Only a stream that the GOAWAY says was not taken, or
 * that was never sent because of it, is asked there once more, as every client does (RFC 9113, 8.7); any other that
 * does not end with 200 is a failed request.
 */
export function startHttp2Load(options: {
  readonly url: string;
  /** Authority of the server's certificate. */
  readonly ca?: string;
  readonly sessions: number;
  readonly streams: number;
}): Load & { readonly opened: () => number } {
  const { url, ca, sessions, streams } = options;
  const failures: Record<string, number> = {};
  const answers: Record<string, number> = {};
  let done = 0;
  let failed = 0;
  let opened = 0;
  const stopping = new AbortController();

  const open = (): Opened => {
    opened += 1;
    const session = connect(url, ca === undefined ? {} : { ca });
    // Each of its streams tells it, and is counted.
    session.on("error", () => {});
    const each: Opened = { session, lastStream: Infinity };
    session.on("goaway", (_code, lastStream) => (each.lastStream = lastStream));
    return each;
  };
  const ask = (each: Opened): Promise<string | undefined> =>
    new Promise((resolve) => {
      const stream = each.session.request({ ":path": "/" });
      let status: number | undefined;
      let body = "";
      let failure: string | undefined;
      stream.setEncoding("utf8");
      stream.on("response", (headers) => (status = headers[":status"]));
      stream.on("data", (chunk: string) => (body += chunk));
      stream.on("error", (error: NodeJS.ErrnoException) => (failure = error.code ?? error.message));
      stream.on("close", () => {
        const wasRefused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
        if (wasRefused && (stream.id ?? 0) > each.lastStream) return resolve("not taken");
        if (failure !== undefined) return resolve(failure);
        if (status !== 200) return resolve(`status ${status}`);
        answers[body] = (answers[body] ?? 0) + 1;
        resolve(undefined);
      });
      stream.end();
    });
  const run = async (): Promise<void> => {
    let current = open();
    const one = async (): Promise<void> => {
      while (!stopping.signal.aborted) {
        // Node closes a client's session when GOAWAY comes.
        if (current.session.closed || current.session.destroyed) current = open();
        const failure = await ask(current);
        if (failure === "not taken") continue;
        done += 1;
        if (failure === undefined) continue;
        failed += 1;
        failures[failure] = (failures[failure] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: streams }, one));
    current.session.close();
  };
  const running = Array.from({ length: sessions }, run);
  const load = loadOf(() => ({ done, failed, failures, answers }), stopping, running);
  return { ...load, opened: () => opened };
}
