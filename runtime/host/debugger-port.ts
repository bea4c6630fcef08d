import type { WebSocket } from "ws";
import { readProcess } from "./procfs.ts";

/** A program whose event loop hangs does not answer; ms. */
const answersWithinMs = 5_000;

/** How often a program looks whether the one that opened its debugger is still there; ms. */
const looksEveryMs = 500;

/** Gives a module of Node's own to CommonJS and to ES modules. */
const load =
  "((name) => (process.getBuiltinModule ?? process.mainModule?.require)?.call(process, name))";

/**
 * How long a program waits until it closes its debugger; ms. The connection that asks for it has ended by then: Node 20
 * dies of SIGSEGV, in 5 of 140 tries, when it closes the debugger while a connection is being taken down.
 */
const closesAfterMs = 200;

const close = `setTimeout(() => ${load}("inspector")?.close?.(), ${closesAfterMs}).unref(), 0`;

/** @returns what makes a program close its debugger when the process of that identity has ended, as a zombie too. */
function closeWithout({ pid, startTicks }: { pid: number; startTicks: number }): string {
  return `(() => {
    const inspector = ${load}("inspector");
    const fs = ${load}("fs");
    const isThere = () => {
      try { process.kill(${pid}, 0); } catch (error) { if (error.code === "ESRCH") return false; }
      try {
        const stat = fs.readFileSync("/proc/${pid}/stat", "latin1");
        const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return !"ZX".includes(fields[0]) && Number(fields[19]) === ${startTicks};
      } catch { return true; }
    };
    const timer = setInterval(() => {
      const isOpen = inspector.url() !== undefined;
      if (isOpen && isThere()) return;
      clearInterval(timer);
      if (isOpen) setTimeout(() => inspector.close(), ${closesAfterMs}).unref();
    }, ${looksEveryMs}).unref();
    return 0;
  })()`;
}

/**
 * Closes the port of a Node program's debugger, by the debugger itself.
 * @param url its WebSocket address.
 * @returns whether it has answered; a program that has ended has no port.
 */
export function closeDebugger(url: string): Promise<boolean> {
  return evaluate(url, close);
}

/**
 * Has a Node program close its debugger by itself once this process has ended, by a kill too. It needs nothing of ours in
 * the program, and no right on this process. A program that is paused, or whose event loop hangs, does it when it continues.
 * @param url its WebSocket address.
 * @returns whether it has answered.
 */
export async function closeDebuggerWithUs(url: string): Promise<boolean> {
  const { pid } = process;
  const stat = readProcess(pid);
  if (stat === undefined) throw new Error("can't happen: this process has no /proc entry");
  return evaluate(url, closeWithout({ pid, startTicks: stat.startTicks }));
}

async function evaluate(url: string, expression: string): Promise<boolean> {
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
