import { Agent, request } from "node:http";
import { startCalls, type Caller } from "./call-load.ts";
import type { Load } from "./load.ts";

/** The addresses that the clients come from; by them a sticky cluster tells them apart. */
const addresses = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"];

/** A client that gets no answer in so many sessions has failed. */
const mostSessions = 5;

/**
 * Clients of Socket.IO that only poll, and ask `ask` for `answer` again and again. Each request has a connection of its
 * own, as behind a proxy, so a session holds together only if all of one address come to one process. A session that
 * the server does not know is begun anew, as its clients do: what was asked in it is asked twice.
 */
export function startPolling(port: number): Load {
  let next = 0;
  return startCalls(addresses.length, () => pollingClient(port, addresses[next++] ?? "127.0.0.1"));
}

function pollingClient(port: number, localAddress: string): Caller {
  const agent = new Agent({ keepAlive: false });
  let session: string | undefined;
  const call = (method: "GET" | "POST", body?: string): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const path = `/socket.io/?EIO=4&transport=polling${session === undefined ? "" : `&sid=${session}`}`;
      const headers = { "content-type": "text/plain;charset=UTF-8" };
      const asked = request(
        { host: "127.0.0.1", port, path, method, agent, localAddress, headers },
        (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
          response.on("error", reject);
          response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
        },
      );
      asked.on("error", reject);
      asked.end(body);
    });
  const must = async (method: "GET" | "POST", body?: string): Promise<string> => {
    const { status, text } = await call(method, body);
    if (status === 400 && text.includes("Session ID unknown")) session = undefined;
    if (status !== 200) throw new Error(`${method} ${status}: ${text}`);
    return text;
  };
  const open = async (): Promise<void> => {
    const { sid } = JSON.parse((await must("GET")).slice(1)) as { sid: string };
    session = sid;
    await must("POST", "40");
    await must("GET");
  };
  const ask = async (): Promise<string> => {
    if (session === undefined) await open();
    await must("POST", '42["ask"]');
    for (;;) {
      const text = await must("GET");
      const [, pid] = /42\["answer",(\d+)\]/.exec(text) ?? [];
      if (pid !== undefined) return pid;
      // A ping of the server's.
      if (text.split("\u001E").includes("2")) await must("POST", "3");
    }
  };
  return {
    ask: async () => {
      for (let turn = 1; ; turn += 1) {
        try {
          return await ask();
        } catch (error) {
          // A session is in the memory of the process that has ended.
          if (session !== undefined || turn === mostSessions) throw error;
        }
      }
    },
    close: () => agent.destroy(),
  };
}
