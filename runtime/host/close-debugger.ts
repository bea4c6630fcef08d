import type { WebSocket } from "ws";

/** A program whose event loop hangs does not answer; ms. */
const answersWithinMs = 5_000;

/** After its answer is out: closing waits for its connections. */
const expression =
  "setImmediate(() => (process.getBuiltinModule ?? process.mainModule?.require)?.call(process, 'inspector')?.close?.()), 0";

/**
 * Closes the port of a Node program's debugger, by the debugger itself.
 * @param url its WebSocket address.
 * @returns whether it has answered; a program that has ended has no port.
 */
export async function closeDebugger(url: string): Promise<boolean> {
  const { WebSocket: Socket } = await import("ws");
  const socket: WebSocket = new Socket(url, { handshakeTimeout: answersWithinMs });
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.terminate(), answersWithinMs);
    let isAnswered = false;
    socket.on("open", () => {
      const params = { expression };
      socket.send(JSON.stringify({ id: 1, method: "Runtime.evaluate", params }));
    });
    socket.on("message", (data: Buffer) => {
      isAnswered ||= data.includes('"id":1');
      if (isAnswered) socket.close();
    });
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(isAnswered);
    });
  });
}
