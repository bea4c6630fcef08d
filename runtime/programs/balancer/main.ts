import { existsSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { balancerVersion, type News, type Order } from "../../contract/balancer.ts";
import { hasReusePort } from "../../host/reuse-port.ts";
import { createWorkers } from "./workers.ts";
import { onLines } from "../../host/lines.ts";

/*
 * The balancer: `node balancer.cjs SOCKET APP SCHEDULING MADE_OF`. One per cluster app, under the app's own Node. It is the
 * `node:cluster` primary: it holds the listening sockets and forks the workers. It outlives God, and ends when
 * God says so, or by itself when its socket is gone and it has no workers. Dependency-free, and written for any
 * Node from 16 on, since the app chooses it.
 */
const [socketPath = "", app = "", wanted = "shared", madeOf = ""] = process.argv.slice(2);
const isKnown = wanted !== "reuse-port" || hasReusePort(process.versions.node);
const scheduling = isKnown ? wanted : "shared";
process.title = `xm balancer: ${app}`;
process.umask(0o077);
if (!isKnown)
  console.error(
    `${app}: Node ${process.versions.node} has no reusePort; its connections are shared`,
  );

let god: Socket | undefined;
const tell = (news: News): void => {
  god?.write(`${JSON.stringify(news)}\n`);
};
const sharesFile = socketPath.replace(/sock$/, "shares");
const workers = createWorkers({ scheduling, sharesFile, tell });

const server = createServer((socket) => {
  // A new God; the one before is dead or leaving.
  god?.destroy();
  god = socket;
  onLines(socket, (line) => obey(JSON.parse(line) as Order));
  socket.on("error", () => {});
  socket.on("close", () => {
    if (god === socket) god = undefined;
  });
  tell({ news: "hello", v: balancerVersion, app, madeOf, pid: process.pid, ...workers.state() });
});
rmSync(socketPath, { force: true });
server.listen(socketPath);

function obey(order: Order): void {
  switch (order.order) {
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
      if (!workers.areThere()) leave();
      return;
    default:
    // An order of a newer God's.
  }
}

function leave(): void {
  rmSync(socketPath, { force: true });
  rmSync(sharesFile, { force: true });
  process.exit(0);
}

// Nobody can reach it any more, and it serves nobody.
setInterval(() => {
  if (god === undefined && !workers.areThere() && !existsSync(socketPath)) process.exit(0);
}, 5_000).unref();

// Signals are God's to give: Ctrl-C at the terminal that started it all must not take the sockets away.
for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
