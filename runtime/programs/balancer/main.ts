import { fstatSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { balancerVersion, type News, type Order } from "../../contract/balancer.ts";
import { hasReusePort } from "../../host/reuse-port.ts";
import { createNotes } from "./notes.ts";
import { createWorkers } from "./workers.ts";
import { onLines } from "../../host/lines.ts";

/*
 * The balancer: `node balancer.cjs APP SCHEDULING MADE_OF`. One per cluster app, under the app's own Node and with the
 * app's own rights. It is the `node:cluster` primary: it holds the listening sockets and forks the workers. It outlives
 * God, and exits when God asks for it, or by itself when nothing can reach it any more and it has no workers. Dependency-free,
 * and written for any Node from 16 on, since the app chooses it.
 */

/** The socket that God made for it, and the socket's file: its user need not be able to enter the folder. */
const listeningDescriptor = 3;
const fileDescriptor = 4;

const [app = "", wanted = "shared", madeOf = ""] = process.argv.slice(2);
const isKnown = wanted !== "reuse-port" || hasReusePort(process.versions.node);
const scheduling = isKnown ? wanted : "shared";
process.title = `xm balancer: ${app}`;
process.umask(0o077);

let god: Socket | undefined;
let secret: string | null = null;
const tell = (news: News): void => {
  god?.write(`${JSON.stringify(news)}\n`);
};
const notes = createNotes((line) => {
  if (god !== undefined) tell({ news: "noted", line });
  return god !== undefined;
});
const workers = createWorkers({ scheduling, tell, note: notes.add });
if (!isKnown) {
  notes.add(`Node ${process.versions.node} has no reusePort; its connections are shared`);
}

const server = createServer((socket) => {
  // A new God; the one before is dead or leaving.
  god?.destroy();
  god = socket;
  onLines(socket, (line) => obey(JSON.parse(line) as Order));
  socket.on("error", () => {});
  socket.on("close", () => {
    if (god === socket) god = undefined;
  });
  const { pid } = process;
  tell({ news: "hello", v: balancerVersion, app, madeOf, pid, secret, ...workers.state() });
  notes.tellAll();
});
server.listen({ fd: listeningDescriptor });

function obey(order: Order): void {
  switch (order.order) {
    case "claim":
      secret ??= order.secret;
      return;
    case "fork":
      workers.fork(order.life, order.command);
      return;
    case "tell":
      workers.tell(order.life, order.message);
      return;
    case "forget":
      workers.forget(order.life);
      return;
    case "quit":
      if (!workers.areThere()) process.exit(0);
      return;
    default:
    // An order of a newer God's.
  }
}

// Nothing can reach it any more, and it serves no one.
setInterval(() => {
  if (god === undefined && !workers.areThere() && !hasFile()) process.exit(0);
}, 5_000).unref();

function hasFile(): boolean {
  try {
    return fstatSync(fileDescriptor).nlink > 0;
  } catch {
    return false;
  }
}

// Signals are God's to give: Ctrl-C at the terminal that started it all must not take the sockets away.
for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});

// What a worker has Node do for it may fail in Node, later and outside any call: the others keep serving.
process.on("uncaughtException", (error) => notes.add(error.stack ?? String(error)));
