import { createServer } from "node:net";

/*
 * Below what the kernel takes for outgoing connections (32768 on Linux), of which a load test makes thousands: one of those
 * could have the port before the app does. Each worker of the test runner has a range of its own.
 */
const lowest = 12_000;
const perWorker = 2_500;
const workers = 8;

const first = lowest + (Number(process.env["VITEST_POOL_ID"] ?? 0) % workers) * perWorker;
let offset = Math.floor(Math.random() * perWorker);

/** A port of 127.0.0.1 that nobody listens on, and no other test of this run gets. */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  for (;;) {
    offset = (offset + 1) % perWorker;
    const port = first + offset;
    if (await isFree(port, host)) return port;
  }
}

function isFree(port: number, host: string): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
