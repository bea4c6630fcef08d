import type { Server } from "node:net";
import type { Duplex } from "node:stream";
import type { Question, Reply } from "../../contract/app-link/protocol.ts";
import { httpStatusIn } from "../../contract/http-status.ts";
import type { Link } from "./link.ts";
import type { Traffic } from "./traffic.ts";

/** What is read of an answer; bytes. */
const mostBytes = 10 * 1024;

/** An unanswered request is given up after this: its caller has given up long before. ms. */
const longestMs = 60_000;

/** Between two looks of the delay's measurement; ms. */
const resolutionMs = 20;

/**
 * Answers what God asks of this process itself. A worker shares its port with others, so a request to the port says
 * nothing of it: the request is made here, over a connection that never leaves the process and that the app's own server
 * takes as any other.
 */
export function answerQuestions(
  link: Link,
  {
    nameOf,
    traffic,
    measuresLoop,
  }: {
    nameOf: (server: Server) => string;
    traffic: Traffic;
    measuresLoop: boolean;
  },
): { track(server: Server): void } {
  const servers = new Set<Server>();
  const measure = measuresLoop ? measureLoop() : undefined;
  if (measuresLoop) link.open();
  const answer = async (about: Question): Promise<Reply> => {
    if (about.kind === "loop") return measure?.() ?? { fault: "its event loop is not measured" };
    const server = [...servers].find((each) => nameOf(each) === about.server);
    if (server === undefined) return { fault: `it does not listen on ${about.server}` };
    const fault = traffic.faultOf(server);
    if (fault !== undefined) return { fault };
    return about.request === null ? {} : request(server, { ...about, request: about.request });
  };
  link.onDown((message) => {
    if (message.type !== "ask") return;
    const { ticket, about } = message;
    const tell = (reply: Reply): void => void link.send({ type: "answer", ticket, ...reply });
    answer(about).then(tell, (error: unknown) => tell({ fault: String(error).slice(0, 500) }));
  });
  return {
    track: (server) => {
      servers.add(server);
      server.once("close", () => servers.delete(server));
    },
  };
}

function request(
  server: Server,
  { request: text, isTls }: { request: string; isTls: boolean },
): Promise<Reply> {
  const [own, other] = connectedPair();
  return new Promise((resolve) => {
    let line: Duplex = own;
    if (isTls) {
      const { connect } = require("node:tls") as typeof import("node:tls");
      // A certificate of its own will do: it is this very process.
      line = connect({ socket: own, rejectUnauthorized: false });
    }
    let said = "";
    const end = (reply: Reply): void => {
      clearTimeout(timer);
      resolve(reply);
    };
    const timer = setTimeout(() => line.destroy(), longestMs).unref();
    line.on("data", (piece: Buffer) => {
      said += piece.toString("latin1");
      const status = httpStatusIn(said);
      if (status !== null) end({ status });
      if (said.length > mostBytes) line.destroy();
    });
    line.on("error", (error) => end({ fault: error.message.slice(0, 500) }));
    for (const name of ["end", "close"])
      line.on(name, () => end({ fault: "it closed the connection without an answer" }));
    server.emit("connection", other);
    line.write(text);
  });
}

/** Two ends of a connection within this process, as `net.Socket` looks to the code of a server. */
function connectedPair(): [Duplex, Duplex] {
  const { Duplex: Base } = require("node:stream") as typeof import("node:stream");
  class End extends Base {
    other: End | undefined;
    #go: (() => void) | undefined;
    readonly remoteAddress = "127.0.0.1";
    readonly remoteFamily = "IPv4";
    readonly remotePort = 0;
    readonly localAddress = "127.0.0.1";
    readonly localPort = 0;
    bytesRead = 0;
    override _read(): void {
      const go = this.#go;
      this.#go = undefined;
      go?.();
    }
    override _write(chunk: Buffer, _encoding: string, done: () => void): void {
      const { other } = this;
      if (other === undefined || other.destroyed || chunk.length === 0) return done();
      other.bytesRead += chunk.length;
      other.#go = done;
      other.push(chunk);
    }
    override _final(done: () => void): void {
      if (this.other?.destroyed === false) this.other.push(null);
      done();
    }
    override _destroy(error: Error | null, done: (error: Error | null) => void): void {
      const { other } = this;
      this.other = undefined;
      if (other !== undefined && !other.destroyed) setImmediate(() => other.destroy());
      done(error);
    }
    destroySoon(): void {
      if (this.writable) this.end();
      if (this.writableFinished) this.destroy();
      else this.once("finish", () => this.destroy());
    }
    setTimeout(): this {
      return this;
    }
    setNoDelay(): this {
      return this;
    }
    setKeepAlive(): this {
      return this;
    }
    ref(): this {
      return this;
    }
    unref(): this {
      return this;
    }
    address(): object {
      return { address: "127.0.0.1", family: "IPv4", port: 0 };
    }
  }
  const [own, other] = [new End(), new End()];
  own.other = other;
  other.other = own;
  return [own, other];
}

/** How the event loop has turned since it was asked last. */
function measureLoop(): () => Reply {
  const { monitorEventLoopDelay } = require("node:perf_hooks") as typeof import("node:perf_hooks");
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    const delayMs = Math.max(0, delay.max / 1e6 - resolutionMs);
    delay.reset();
    return { delayMs, utilization: Math.min(1, Math.max(0, utilization)) };
  };
}
