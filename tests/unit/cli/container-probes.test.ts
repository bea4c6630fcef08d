import { connect, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { serveProbes } from "../../../cli/container/probes.ts";
import type { Client } from "../../../runtime/client/connection/types.ts";
import { until } from "../../support/condition.ts";

/** The probes over a daemon that answers when it is let. */
async function serving() {
  let asked = 0;
  let answer = (): void => {};
  const list: Client["list"] = () => {
    asked += 1;
    return new Promise((resolve) => {
      answer = () => resolve([]);
    });
  };
  const server = await serveProbes("127.0.0.1:0", { list } as Client);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { server, port, asked: () => asked, answer: () => answer() };
}

test("who asks at the same time is answered by one question to the daemon", async () => {
  const { server, port, asked, answer } = await serving();
  let arrived = 0;
  server.on("request", () => (arrived += 1));
  const asking = Array.from({ length: 30 }, () => fetch(`http://127.0.0.1:${port}/livez`));
  await until("all of them", () => arrived === 30);
  expect(asked()).toBe(1);
  answer();
  for (const { status } of await Promise.all(asking)) expect(status).toBe(200);
  const last = fetch(`http://127.0.0.1:${port}/livez`);
  await until("a question of its own", () => asked() === 2);
  answer();
  expect((await last).status).toBe(200);
});

test("a crowd that connects and says nothing takes 64 descriptors, and no more", async () => {
  const { server, port } = await serving();
  let [open, refused] = [0, 0];
  for (let n = 0; n < 100; n += 1) {
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => {});
    socket.on("close", () => (refused += 1));
  }
  server.on("connection", () => (open += 1));
  await until("the refusals", () => refused === 36, { saw: () => [open, refused] });
  expect(open).toBe(64);
});
