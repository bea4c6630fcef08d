import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { calls, type Call as OfTable } from "../../runtime/contract/api/calls.ts";
import { testHome, xmFile, type TestHome } from "../support/home.ts";
import { freePort } from "../support/ports.ts";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

type Call = (
  path: string,
  options?: { token?: string; body?: unknown; headers?: Record<string, string> },
) => Promise<Answer>;

async function serving(home: TestHome): Promise<Call> {
  const port = await freePort();
  const env = { ...process.env, XM_HOME: home.paths.home };
  const server = spawn(process.execPath, [xmFile, "api", "--listen", String(port)], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void server.kill());
  const [line] = (await once(server.stdout, "data")) as [Buffer];
  expect(line.toString()).toContain(`http://127.0.0.1:${port}/v1`);
  return (path, { token, body, headers } = {}) => {
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const asked = request({
        host: "127.0.0.1",
        port,
        path,
        method: text === undefined ? "GET" : "POST",
        headers: {
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(text !== undefined && { "content-type": "application/json" }),
          ...headers,
        },
      });
      asked.on("error", reject);
      asked.on("response", (response) => {
        let got = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => (got += part));
        const { statusCode: status = 0 } = response;
        response.on("end", () => resolve({ status, headers: response.headers, text: got }));
      });
      asked.end(text);
    });
  };
}

const idle = "setInterval(() => {}, 1000); console.log('a line');";

test("tokens: read looks, control also acts on what is declared, and new ones replace both at once", async () => {
  const home = testHome();
  await home.ok("start", home.file("app.js", idle), "--name", "web");
  const read = (await home.ok("api", "--token", "read")).trim();
  const control = (await home.ok("api", "--token", "control")).trim();
  expect(statSync(join(home.paths.home, "api-tokens.json")).mode & 0o777).toBe(0o600);
  const call = await serving(home);

  const list = await call("/v1/processes", { token: read });
  expect(list.status).toBe(200);
  expect(JSON.parse(list.text)).toMatchObject([{ name: "web", status: "online" }]);
  const detail = await call("/v1/processes/0", { token: read });
  expect(detail.text).toContain('"XM_HOME":"[hidden]"');
  expect(
    (await call("/v1/logs?ids=0&lines=5&follow=false&streams=out", { token: read })).text,
  ).toContain("a line");

  const restart = { action: "restart", ids: [0], by: "a test" };
  expect(await call("/v1/actions", { token: read, body: restart })).toMatchObject({ status: 403 });
  const restarted = await call("/v1/actions", { token: control, body: restart });
  expect(restarted.text).toContain('"kind":"restarted"');
  expect(await home.ok("why", "web")).toContain("a test");

  await home.ok("api", "--new-tokens");
  expect((await call("/v1/processes", { token: read })).status).toBe(401);
  const fresh = (await home.ok("api", "--token", "read")).trim();
  expect((await call("/v1/processes", { token: fresh })).status).toBe(200);
});

test("what is not for TCP is refused with either token, and nobody without one learns anything", async () => {
  const home = testHome();
  await home.ok("start", home.file("app.js", idle), "--name", "web");
  const control = (await home.ok("api", "--token", "control")).trim();
  const call = await serving(home);
  for (const { method, path, overTcp } of Object.values(calls) as OfTable[]) {
    const at = `/v1${path.replace(":id", "0").replace(":name", "web")}`;
    const body = method === "POST" ? {} : undefined;
    const unknown = await call(at, { body });
    expect([at, unknown.status, unknown.headers["www-authenticate"]]).toEqual([at, 401, "Bearer"]);
    expect((await call(at, { body, token: "x".repeat(32) })).status).toBe(401);
    if (overTcp === undefined)
      expect([at, (await call(at, { body, token: control })).status]).toEqual([at, 403]);
  }
  // A declaration that hides in a call that control has.
  const env = { action: "restart", ids: [0], by: "x", env: { NODE_OPTIONS: "--require /tmp/x" } };
  const refused = await call("/v1/actions", { token: control, body: env });
  expect([refused.status, JSON.parse(refused.text)]).toMatchObject([
    403,
    { detail: expect.stringContaining("env") },
  ]);
  expect(
    (await call("/v1/ping", { token: control, headers: { host: "evil.example" } })).status,
  ).toBe(421);
  expect(
    (await call("/v1/ping", { token: control, headers: { origin: "http://127.0.0.1" } })).status,
  ).toBe(403);
  expect((await call("/v1/actions", { token: control, body: "x".repeat(200_000) })).status).toBe(
    400,
  );
  expect(home.godLog()).not.toContain("/v1/");
});

test("without a daemon it answers 503, and goes on when one is there again", async () => {
  const home = testHome();
  const read = (await home.ok("api", "--token", "read")).trim();
  const call = await serving(home);
  const absent = await call("/v1/processes", { token: read });
  expect([absent.status, JSON.parse(absent.text)]).toMatchObject([
    503,
    { code: "ERR_DAEMON_NOT_RUNNING" },
  ]);
  await home.ok("ping");
  expect((await call("/v1/processes", { token: read })).text).toBe("[]");
  const wrong = await home.xm("api", "--token", "all");
  expect([wrong.code, wrong.stderr]).toEqual([
    1,
    expect.stringContaining('--token: expected read or control, got "all"'),
  ]);
});
