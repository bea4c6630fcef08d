import { once } from "node:events";
import { constants } from "node:os";
import { createServer, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { catchesSignal, loopbackPorts } from "../../../runtime/host/listeners.ts";

test("the loopback ports of a process are those that it listens on, and no others", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  expect(loopbackPorts(process.pid)).toContain(port);
  server.close();
  await once(server, "close");
  expect(loopbackPorts(process.pid)).not.toContain(port);
});

test("a signal is caught once there is a handler for it", () => {
  const { SIGWINCH } = constants.signals;
  const before = catchesSignal(process.pid, SIGWINCH);
  const handler = (): void => {};
  process.on("SIGWINCH", handler);
  expect(catchesSignal(process.pid, SIGWINCH)).toBe(true);
  process.off("SIGWINCH", handler);
  expect(catchesSignal(process.pid, SIGWINCH)).toBe(before);
});
