import { once } from "node:events";
import { connect, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { inspectPort } from "../../../runtime/programs/balancer/inspect-port.ts";
import { freePort } from "../../support/ports.ts";

test("each worker with --inspect has a port of its own, from the one asked for upwards", async () => {
  const first = await freePort();
  const taken = [1, 2, 3].map(() => inspectPort([`--inspect=127.0.0.1:${first}`]));
  onTestFinished(() => taken.forEach((each) => each?.release()));
  const ports = taken.map((each) => each?.port ?? 0);
  expect(ports[0]).toBeGreaterThanOrEqual(first);
  expect(ports).toEqual([...new Set(ports)].sort((a, b) => a - b));

  // As if by another balancer, which asks for the same.
  const other = inspectPort(["--enable-source-maps", `--inspect-brk=${first}`]);
  onTestFinished(() => other?.release());
  expect(ports).not.toContain(other?.port);
});

test("a port that somebody listens on is left out, and one that is free again is used again", async () => {
  const first = await freePort();
  const server = createServer();
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(first, "127.0.0.1", resolve));
  const next = inspectPort(["", `--inspect-port=${first}`]);
  expect(next?.port).toBeGreaterThan(first);
  next?.release();
  await new Promise((resolve) => setImmediate(resolve));
  const again = inspectPort([`--inspect=${first}`]);
  expect(again?.port).toBe(next?.port);
  again?.release();
});

test("a port that an outgoing connection has is left out", async () => {
  const there = await freePort();
  const server = createServer();
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(there, "127.0.0.1", resolve));
  const socket = connect({ host: "127.0.0.1", port: there });
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  const port = socket.localPort ?? 0;
  const found = inspectPort([`--inspect=${port}`]);
  onTestFinished(() => found?.release());
  expect(found?.port).toBeGreaterThan(port);
});

test.each([[["--max-old-space-size=99"]], [[]]])("%j asks for no inspector", (words) => {
  expect(inspectPort(words)).toBeUndefined();
});

test("any free port stays any free port", () => {
  expect(inspectPort(["--inspect=0"])?.port).toBe(0);
});
