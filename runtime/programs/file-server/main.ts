import { statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import { answer } from "./answer.ts";
import { type ServeSettings } from "../../contract/file-server.ts";
import { serveSettings } from "./settings.ts";

/** The file server: a program of its own, run as any other app is, in fork mode or as a cluster. */
function main(): void {
  const read = serveSettings(process.env, process.cwd());
  if ("faults" in read) return fail(read.faults.join("\n"));
  const { settings } = read;
  const fault = folderFault(settings.folder);
  if (fault !== undefined) return fail(fault);
  const { folder, host, port } = settings;
  const server = createServer((request, response) => answer(settings, request, response));
  server.on("error", (error) => fail(listenFault(settings, error)));
  server.listen(port, host, () => {
    const { port: chosen } = server.address() as AddressInfo;
    const place = host.includes(":") ? `[${host}]` : host;
    console.log(`serving ${folder} on http://${place}:${chosen}`);
  });
}

function folderFault(folder: string): string | undefined {
  try {
    return statSync(folder).isDirectory() ? undefined : `PM2_SERVE_PATH: ${folder} is not a folder`;
  } catch (error) {
    return errnoOf(error) === "ENOENT"
      ? `PM2_SERVE_PATH: ${folder} does not exist`
      : `PM2_SERVE_PATH: ${messageOf(error)}`;
  }
}

function listenFault({ host, port }: ServeSettings, error: Error): string {
  switch (errnoOf(error)) {
    case "EADDRINUSE":
      return `PM2_SERVE_PORT: another program listens on ${host}:${port}`;
    case "EACCES":
      return `PM2_SERVE_PORT: this user may not listen on port ${port}; ports from 1024 on are allowed`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `PM2_SERVE_HOST: this machine has no address ${host}`;
    default:
      return messageOf(error);
  }
}

function fail(why: string): void {
  console.error(`xm serve: ${why}`);
  process.exitCode = 1;
  process.exit();
}

main();
