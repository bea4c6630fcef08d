import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { createServer, request, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { answer } from "../../../runtime/programs/file-server/answer.ts";
import type { ServeSettings } from "../../../runtime/contract/file-server.ts";
import { testFolder } from "../../support/folder.ts";

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

type Ask = (path: string, options?: { method?: string; headers?: object }) => Promise<Answer>;

/** Of the sites of this file, the latest last. */
const folders: string[] = [];
const ports: number[] = [];

/** A site, with a file beside it and dot files in it, and a server over it. */
async function site(settings: Partial<ServeSettings> = {}): Promise<Ask> {
  const { path, put } = testFolder();
  for (const folder of [
    "site",
    "site/docs",
    "site/bare",
    "site/.git",
    "site/.well-known",
    "site-2",
  ])
    mkdirSync(join(path, folder));
  put("outside.txt", "outside");
  put("site-2/other.txt", "outside");
  put("site/index.html", "home");
  put("site/ten.txt", "0123456789");
  put("site/docs/index.html", "docs");
  put("site/bare/a<b>.txt", "x");
  put("site/.env", "SECRET=1");
  put("site/.git/config", "secret");
  put("site/.well-known/security.txt", "well known");
  put("site/.well-known/.hidden", "secret");
  put("site/ü b.txt", "umlaut");
  symlinkSync("../outside.txt", join(path, "site/link.txt"));
  const whole: ServeSettings = {
    folder: join(path, "site"),
    host: "127.0.0.1",
    port: 0,
    homepage: "/index.html",
    isSinglePage: false,
    lists: false,
    login: undefined,
    ...settings,
  };
  const server = createServer((incoming, response) => answer(whole, incoming, response));
  await new Promise<void>((listens) => {
    server.listen(0, "127.0.0.1", listens);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  folders.push(whole.folder);
  ports.push(port);
  // The path as it is: `fetch` would take `..` out of it.
  return (asked, { method = "GET", headers = {} } = {}) =>
    new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port, path: asked, method, headers: { ...headers } };
      const call = request(options, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => (body += text));
        response.on("end", () =>
          resolve({ status: response.statusCode, headers: response.headers, body }),
        );
      });
      call.on("error", reject);
      call.end();
    });
}

const short = ({ status, body }: Answer): unknown[] => [status, body];

test("files are given with their type, and a folder shows its index", async () => {
  const ask = await site();
  expect(short(await ask("/"))).toEqual([200, "home"]);
  expect(short(await ask("/?a=1"))).toEqual([200, "home"]);
  expect(short(await ask("/docs/"))).toEqual([200, "docs"]);
  expect(short(await ask("/%C3%BC%20b.txt"))).toEqual([200, "umlaut"]);
  const { headers } = await ask("/ten.txt");
  expect(headers).toMatchObject({
    "content-type": "text/plain; charset=utf-8",
    "content-length": "10",
    "access-control-allow-origin": "*",
  });
  const moved = await ask("/docs");
  expect([moved.status, moved.headers.location]).toEqual([301, "/docs/"]);
});

test.each([
  "/../outside.txt",
  "/%2e%2e/outside.txt",
  "/%2e%2e%2foutside.txt",
  "/docs/../../outside.txt",
  "/../site-2/other.txt",
  "/..%5coutside.txt",
  "//etc/passwd",
])("%s does not lead out of the folder", async (path) => {
  const { status, body } = await (await site())(path);
  expect([status, body]).toEqual([404, "404 Not Found"]);
});

test.each(["/.env", "/.git/config", "/%2egit/config", "/.git/", "/.well-known/.hidden"])(
  "the dot file %s is not there",
  async (path) => {
    expect(short(await (await site())(path))).toEqual([404, "404 Not Found"]);
  },
);

test("what is well known is there", async () => {
  expect(short(await (await site())("/.well-known/security.txt"))).toEqual([200, "well known"]);
});

test("a part of a file is given, from its end too, and a part that is none is refused", async () => {
  const ask = await site();
  const part = (range: string): Promise<Answer> => ask("/ten.txt", { headers: { range } });
  expect(short(await part("bytes=2-4"))).toEqual([206, "234"]);
  expect(short(await part("bytes=-3"))).toEqual([206, "789"]);
  expect((await part("bytes=2-4")).headers["content-range"]).toBe("bytes 2-4/10");
  expect((await part("bytes=20-")).status).toBe(416);
  expect((await part("bytes=5-2")).status).toBe(416);
  expect(short(await part("lines=1-2"))).toEqual([200, "0123456789"]);
});

test("HEAD has the headers alone, and what has not changed is not sent again", async () => {
  const ask = await site();
  const head = await ask("/ten.txt", { method: "HEAD" });
  expect([head.status, head.headers["content-length"], head.body]).toEqual([200, "10", ""]);
  const headers = { "if-none-match": head.headers.etag };
  expect(short(await ask("/ten.txt", { headers }))).toEqual([304, ""]);
  expect(short(await ask("/none", { method: "HEAD" }))).toEqual([404, ""]);
});

test("other methods are refused, and so is a path that is none", async () => {
  const ask = await site();
  const posted = await ask("/", { method: "POST" });
  expect([posted.status, posted.headers.allow]).toEqual([405, "GET, HEAD"]);
  expect((await ask("/%")).status).toBe(400);
  expect((await ask("/%00")).status).toBe(400);
  expect(short(await ask("/"))).toEqual([200, "home"]);
});

test("a single page is shown for every path that is no file, and a file is a file", async () => {
  const ask = await site({ isSinglePage: true });
  expect(short(await ask("/deep/link"))).toEqual([200, "home"]);
  expect(short(await ask("/.env"))).toEqual([200, "home"]);
  expect(short(await ask("/ten.txt"))).toEqual([200, "0123456789"]);
});

test("the homepage is another file where that is wanted", async () => {
  const ask = await site({ homepage: "/docs/index.html", isSinglePage: true });
  expect(short(await ask("/"))).toEqual([200, "docs"]);
  expect(short(await ask("/deep/link"))).toEqual([200, "docs"]);
});

test("nobody without the login sees whether a file is there", async () => {
  const ask = await site({ login: { username: "me", password: "secret" } });
  const authorization = `Basic ${Buffer.from("me:secret").toString("base64")}`;
  const denied = await ask("/ten.txt");
  expect([denied.status, denied.headers["www-authenticate"]]).toEqual([
    401,
    'Basic realm="Authentication service"',
  ]);
  expect((await ask("/none")).status).toBe(401);
  expect(short(await ask("/ten.txt", { headers: { authorization } }))).toEqual([200, "0123456789"]);
});

test("a folder is listed when that is wanted, without dot files, with names that are no markup", async () => {
  const ask = await site({ lists: true });
  const { status, body } = await ask("/bare/");
  expect(status).toBe(200);
  expect(body).toContain('<li><a href="./a%3Cb%3E.txt">a&lt;b&gt;.txt</a></li>');
  expect((await ask("/docs/")).body).toBe("docs");
  expect((await ask("/.git/")).status).toBe(404);
  expect((await ask("/..%2f/")).status).toBe(404);
  expect((await (await site())("/bare/")).status).toBe(404);
});

test("a pipe in the folder is not there, and holds nobody up", async () => {
  const ask = await site();
  const folder = folders.at(-1) ?? "";
  execFileSync("mkfifo", [join(folder, "pipe"), join(folder, "bare", "index.html")]);
  for (let count = 0; count < 8; count += 1) {
    expect((await ask("/pipe")).status).toBe(404);
    expect((await ask("/bare/")).status).toBe(404);
  }
  expect(await ask("/ten.txt")).toMatchObject({ status: 200, body: "0123456789" });
});

test("on 127.0.0.1 another host with its own port is refused, and a proxy's name is not", async () => {
  const ask = await site();
  const status = async (host: (port: number) => string): Promise<number | undefined> =>
    (await ask("/ten.txt", { headers: { host: host(ports.at(-1) ?? 0) } })).status;
  expect([
    await status((port) => `127.0.0.1:${port}`),
    await status((port) => `localhost:${port}`),
    await status((port) => `app.localhost:${port}`),
    await status(() => "example.com"),
    await status((port) => `example.com:${port + 1}`),
    await status((port) => `evil.example:${port}`),
    await status((port) => `192.168.0.7:${port}`),
  ]).toEqual([200, 200, 200, 200, 200, 421, 421]);
  const open = await site({ host: "0.0.0.0" });
  const port = ports.at(-1) ?? 0;
  expect((await open("/ten.txt", { headers: { host: `example.com:${port}` } })).status).toBe(200);
});
