import type { WebSocket } from "ws";
import type { Inspection, ProfileRequest } from "../../runtime/client/connection/types.ts";
import { xmError } from "../../runtime/contract/errors.ts";

/** An app whose event loop hangs does not answer its inspector; ms beyond the time asked for. */
const answersWithinMs = 10_000;

/**
 * Profiles an app over its inspector.
 * @throws `ERR_CANNOT_INSPECT`
 */
export async function profileApp(
  inspection: Inspection,
  { kind, durationMs }: ProfileRequest,
): Promise<object> {
  const session = await openSession(inspection);
  try {
    const [domain, begin, end] =
      kind === "cpu"
        ? (["Profiler", "start", "stop"] as const)
        : (["HeapProfiler", "startSampling", "stopSampling"] as const);
    await session.call(`${domain}.enable`);
    await session.call(`${domain}.${begin}`);
    await new Promise((resolve) => {
      setTimeout(resolve, durationMs);
    });
    const { profile } = (await session.call(`${domain}.${end}`)) as { profile: object };
    await session.call(`${domain}.disable`);
    return profile;
  } finally {
    session.close();
  }
}

interface Answer {
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface Session {
  call(method: string, params?: object): Promise<unknown>;
  close(): void;
}

async function openSession({ url, name }: Inspection): Promise<Session> {
  const { WebSocket: Socket } = await import("ws");
  const socket: WebSocket = new Socket(url, { handshakeTimeout: answersWithinMs });
  const waiting = new Map<number, (answer: Answer) => void>();
  const fail = (why: string): Error =>
    xmError("ERR_CANNOT_INSPECT", { name, why, fix: "see its error log, and try again" });
  let count = 0;
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", (error) => reject(fail(error.message)));
  });
  socket.on("message", (data: Buffer) => {
    const answer = JSON.parse(data.toString()) as Answer & { id?: number };
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer);
  });
  const endAll = (why: string): void => {
    for (const answer of waiting.values()) answer({ error: { message: why } });
  };
  socket.on("error", (error) => endAll(error.message));
  socket.on("close", () => endAll("it has ended"));
  return {
    call: (method, params = {}) =>
      new Promise((resolve, reject) => {
        count += 1;
        const id = count;
        const timer = setTimeout(
          () => answered({ error: { message: "it does not answer" } }),
          answersWithinMs,
        );
        const answered = ({ result, error }: Answer): void => {
          clearTimeout(timer);
          waiting.delete(id);
          if (error === undefined) resolve(result);
          else reject(fail(error.message));
        };
        waiting.set(id, answered);
        socket.send(JSON.stringify({ id, method, params }));
      }),
    close: () => socket.close(),
  };
}
