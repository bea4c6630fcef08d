import { connect, createServer, type Server, type Socket } from "node:net";
import * as v from "valibot";
import { messageOf } from "../../contract/errors.ts";
import { plain } from "../../contract/plain.ts";
import { removeIfThere } from "../../host/files.ts";
import { parseJson } from "../../host/parse-json.ts";
import { withSocketPath } from "../../host/socket-path.ts";
import { toPacket, type Packet } from "../../compat/bus.ts";
import type { BusEvent, BusTopic } from "../../contract/api/schemas.ts";
import type { Daemon } from "../daemon.ts";
import { createFrames, frameOf } from "./pm2-frames.ts";
import { methods } from "./pm2-methods.ts";

/*
 * Where PM2's own package looks for its daemon: `HOME/rpc.sock`. An app that requires `pm2` finds our home in `PM2_HOME`, and
 * without an answer there it would start a daemon of PM2's in it, which would go unnoticed. Its common calls are answered; for
 * the rest it gets an error that names us. The socket is 0600 in a folder of 0700: anyone who can reach it may use ours too.
 */
export interface Pm2Clients {
  /** Removes it. */
  close(): void;
}

const requestSchema = v.looseObject({
  type: v.string(),
  method: v.optional(v.string()),
  args: v.optional(v.pipe(v.array(v.unknown()), v.maxLength(15)), []),
});

/**
 * @param path where calls come in. @param busPath where PM2's bus is listened to (`launchBus`).
 * @param daemon is asked once it has restored its apps.
 */
export async function servePm2Clients(options: {
  readonly path: string;
  readonly busPath: string;
  readonly daemon: Daemon;
  readonly log: (line: string) => void;
}): Promise<Pm2Clients> {
  const { path, busPath, daemon, log } = options;
  try {
    if (await isAnswered(path)) {
      log(`${path} belongs to a running PM2 daemon`);
      return { close: () => {} };
    }
    const servers = [
      await listen(path, mostCallers, (socket) => serve(socket, daemon, log)),
      await listen(busPath, mostListeners, publisher(daemon)),
    ];
    for (const server of servers) server.unref();
    return {
      close: () => {
        for (const server of servers) server.close();
        for (const each of [path, busPath]) removeIfThere(each);
      },
    };
  } catch (error) {
    log(`${path}: programs that use PM2's package cannot connect: ${messageOf(error)}`);
    return { close: () => {} };
  }
}

function serve(socket: Socket, daemon: Daemon, log: (line: string) => void): void {
  const onMessage = (args: readonly Buffer[]): void => {
    const [request, call] = [args[0]?.toString() ?? "", args.at(-1)?.toString() ?? ""];
    void answerOf(request, daemon, log)
      .catch((error: unknown) => ({ error: messageOf(error), stack: String(error) }))
      .then((reply) => {
        if (!socket.destroyed) socket.write(frameOf([`j:${JSON.stringify(reply)}`, call]));
      });
  };
  const take = createFrames(onMessage);
  socket.on("data", (bytes) => {
    try {
      take(bytes);
    } catch (error) {
      log(`a program that uses PM2's socket: ${messageOf(error)}`);
      socket.destroy();
    }
  });
  // Its program has ended.
  socket.on("error", () => {});
  socket.unref();
}

/**
 * Sends everything that happens, as PM2's bus has it, to each client; a packet is made once for all of them. A client that
 * reads too slowly is disconnected.
 * @returns takes a client's connection.
 */
function publisher(daemon: Daemon): (socket: Socket) => void {
  const clients = new Set<Socket>();
  let end: (() => void) | undefined;
  const send = ({ name, data }: Packet): void => {
    const frame = frameOf([`s:${name}`, `j:${JSON.stringify(data)}`]);
    for (const socket of clients) {
      socket.write(frame);
      if (socket.writableLength > mostUnreadBytes) socket.destroy();
    }
  };
  const hear = (event: BusEvent): void => {
    const packet = toPacket(event);
    if (packet.name === "axm:reply") setTimeout(send, replyAfterMs, packet).unref();
    else send(packet);
  };
  return (socket) => {
    clients.add(socket);
    end ??= daemon.bus.subscribe(everything, hear);
    socket.on("close", () => {
      clients.delete(socket);
      if (clients.size > 0) return;
      end?.();
      end = undefined;
    });
    // Its program has ended.
    socket.on("error", () => {});
    socket.resume();
    socket.unref();
  };
}

const everything: ReadonlySet<BusTopic> = new Set(["processes", "logs", "messages", "daemon"]);

/**
 * PM2's client drops an answer to `trigger` that it reads before the count of answers to wait for, which comes over its other
 * socket. The answer is held back for this long, so that a client on a busy machine has read the count.
 */
const replyAfterMs = 100;

/** Connections at a time. PM2's client opens another to the bus at every `trigger`, and closes none before its program ends. */
const mostCallers = 64;
const mostListeners = 1_000;

const mostUnreadBytes = 16 * 1024 * 1024;

async function answerOf(
  text: string,
  daemon: Daemon,
  log: (line: string) => void,
): Promise<unknown> {
  const request = v.parse(requestSchema, parseJson(text.replace(/^j:/, "")));
  if (request.type === "methods") {
    return { methods: Object.fromEntries([...methods.keys()].map((name) => [name, { name }])) };
  }
  const method = methods.get(request.method ?? "");
  try {
    if (method === undefined) throw new Error(refusal(request.method ?? ""));
    await daemon.isRestored;
    return { args: [await method(daemon, request.args)] };
  } catch (error) {
    // PM2's client tells its program of few errors.
    log(`a program that uses PM2's package: ${plain(messageOf(error))}`);
    throw error;
  }
}

function refusal(method: string): string {
  return `${method}: the daemon of this home is Ex Machina, not PM2: use require("exmachina") in place of require("pm2"), or \`xm\` in place of \`pm2\``;
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = withSocketPath(path, (short) => connect(short));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

function listen(path: string, most: number, onSocket: (socket: Socket) => void): Promise<Server> {
  removeIfThere(path);
  const server = createServer(onSocket);
  server.maxConnections = most;
  const umask = process.umask(0o177);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    withSocketPath(path, (short) => server.listen(short, () => resolve(server)));
    process.umask(umask);
  });
}
