import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { setSecurityHeaders } from "../../../runtime/daemon/inspector/gate.ts";
import { sendFile } from "../../../runtime/daemon/inspector/files.ts";
import { testFolder } from "../../support/folder.ts";
import { request } from "node:http";
import { text } from "node:stream/consumers";

interface Got {
  readonly status: number;
  readonly type: string | undefined;
  readonly cache: string | undefined;
  readonly body: string;
}

/** A page, a chart and a file beside them that nobody is to have, served over HTTP. */
async function serve(): Promise<(path: string) => Promise<Got>> {
  const { path: folder } = testFolder();
  const files = {
    "page/index.html": "<!doctype html>",
    "page/assets/index-DfX3aB12.js": "script",
    "page/assets/plain.css": "style",
    "page/.hidden.json": "secret",
    "charts/god.json": "{}",
    "beside.json": "secret",
  };
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const folders = { page: join(folder, "page"), charts: join(folder, "charts") };
  const server = createServer((asked, response) => {
    setSecurityHeaders(response);
    void sendFile(response, asked.url ?? "", folders).then((isSent) => {
      if (!isSent) response.writeHead(404).end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return (path) =>
    new Promise((resolve, reject) => {
      // A path as it stands: no client of a browser's kind would send these.
      const sent = request({ host: "127.0.0.1", port, path, agent: false }, (answer) => {
        const { "content-type": type, "cache-control": cache } = answer.headers;
        text(answer).then(
          (body) => resolve({ status: answer.statusCode ?? 0, type, cache, body }),
          reject,
        );
      });
      sent.on("error", reject);
      sent.end();
    });
}

test("the page's files are sent with their types; what never changes is kept, and the rest is not", async () => {
  const get = await serve();
  expect(await get("/")).toEqual({
    status: 200,
    type: "text/html; charset=utf-8",
    cache: "no-store",
    body: "<!doctype html>",
  });
  expect(await get("/assets/index-DfX3aB12.js")).toEqual({
    status: 200,
    type: "text/javascript; charset=utf-8",
    cache: "public, max-age=31536000, immutable",
    body: "script",
  });
  expect((await get("/assets/plain.css")).cache).toBe("no-store");
  expect(await get("/charts/god.json")).toMatchObject({ status: 200, type: "application/json" });
});

test("no path leads out of the page's folder", async () => {
  const get = await serve();
  const paths = [
    "/../beside.json",
    "/assets/../../beside.json",
    "/charts/../beside.json",
    "/%2e%2e/beside.json",
    "/..%2fbeside.json",
    "/assets//..//..//beside.json",
    "/.hidden.json",
    "/assets",
    "/assets/",
    "/charts/nothing.json",
    "/assets/index-DfX3aB12.js/x.json",
    "//etc/passwd",
  ];
  const got = await Promise.all(paths.map(get));
  expect(got.map(({ status, body }) => [status, body])).toEqual(paths.map(() => [404, ""]));
});
