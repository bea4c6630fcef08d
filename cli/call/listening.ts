import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { xmError } from "../../runtime/contract/errors.ts";
import { globals } from "./globals.ts";

/** `HOST:PORT`, `[::1]:PORT`, or a port on 127.0.0.1. @throws `ERR_USAGE` */
export function readAddress(text: string, example: string): { host: string; port: number } {
  const [, host = "127.0.0.1", digits = ""] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits !== "" && port <= 65_535) return { host: host.replace(/^\[|\]$/g, ""), port };
  const what = `expected an address such as ${example}, got "${text}"`;
  throw xmError("ERR_USAGE", { what, fix: "a port alone listens on 127.0.0.1 only" });
}

/** Says where it listens, and resolves when Ctrl-C or SIGTERM has ended it. */
export function untilInterrupted(server: Server, line: (at: string) => string): Promise<void> {
  const { address, port, family } = server.address() as AddressInfo;
  if (!globals.isSilent)
    process.stdout.write(line(`${family === "IPv6" ? `[${address}]` : address}:${port}`));
  return new Promise((resolve) => {
    const end = (): void => {
      server.close(() => resolve());
      server.closeAllConnections();
    };
    process.once("SIGINT", end);
    process.once("SIGTERM", end);
  });
}
