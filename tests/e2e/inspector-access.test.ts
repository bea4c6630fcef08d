import { request } from "node:http";
import { text } from "node:stream/consumers";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { routes } from "../../runtime/daemon/api/routes.ts";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";
import { openInspector, problemOf, type TestInspector } from "../support/inspector.ts";
import { program } from "../support/programs.ts";

/** Who may ask for each route over TCP. A new route stands here before it is reached by it. */
const readable = [
  "GET /ping",
  "GET /daemon",
  "GET /inspector",
  "GET /processes",
  "GET /processes/:id",
  "GET /processes/:id/states",
  "GET /usage",
  "GET /history",
  "GET /events",
  "GET /bus",
  "GET /logs",
];
const controllable: Readonly<Record<string, unknown>> = {
  "POST /apps/:name/scale": { instances: 1, by: "a test" },
  "POST /actions": { action: "restart", ids: [0], by: "a test" },
  "POST /reloads": { ids: [0], by: "a test" },
  "POST /signals": { ids: [0], signal: "SIGCONT" },
};
const socketOnly = [
  "POST /daemon/shut-down",
  "POST /daemon/hand-over",
  "POST /inspector",
  "POST /inspector/close",
  "POST /apps",
  "POST /runs",
  "POST /trigger",
  "POST /messages",
  "POST /input",
  "POST /inspections",
  "POST /profiles",
  "POST /dump",
  "POST /resurrect",
  "POST /logs",
  "POST /logs/flush",
  "POST /logs/rotate",
  "POST /logs/reopen",
];

interface Target {
  readonly port?: number;
  readonly socketPath?: string;
  readonly token?: string;
}

/** The status of an answer, with the code of a problem; a stream is left. */
function ask(to: Target, method: string, path: string, body?: unknown): Promise<string> {
  const { port, socketPath, token } = to;
  return new Promise((resolve, reject) => {
    const where = socketPath === undefined ? { host: "127.0.0.1", port } : { socketPath };
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const sent = request({ ...where, method, path, headers, agent: false }, (answer) => {
      const { statusCode = 0 } = answer;
      if (statusCode < 400) {
        sent.destroy();
        resolve(String(statusCode));
        return;
      }
      text(answer).then((problem) => {
        resolve(`${statusCode} ${(JSON.parse(problem) as { code: string }).code}`);
      }, reject);
    });
    sent.on("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

test("every route is reached over TCP by those who may ask for it, and by nobody else", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "s");
  const { port, token: read } = await openInspector(home);
  const { token: control } = await openInspector(home, "--control");
  const names = routes.map(({ method, path }) => `${method} ${path}`);
  expect([...names].sort()).toEqual(
    [...readable, ...Object.keys(controllable), ...socketOnly].sort(),
  );
  const denied = "403 ERR_INSPECTOR_DENIED";
  const readOnly = "403 ERR_INSPECTOR_READ_ONLY";
  for (const name of names) {
    const [method = "", route = ""] = name.split(" ");
    const path = `/v1${route.replace(":id", "0").replace(":name", "s")}`;
    const body = method === "GET" ? undefined : (controllable[name] ?? {});
    const got = {
      nobody: await ask({ port }, method, path, body),
      read: await ask({ port, token: read }, method, path, body),
      control: await ask({ port, token: control }, method, path, body),
    };
    const isReadable = readable.includes(name);
    const isControllable = name in controllable;
    expect({ name, ...got }).toEqual({
      name,
      nobody: denied,
      read: isReadable ? "200" : readOnly,
      control: isReadable || isControllable ? "200" : readOnly,
    });
    // The unix socket has every route: an empty body is refused by its schema, not by its path.
    const socketPath = home.paths.socket;
    const own = await ask({ socketPath }, method, path, body);
    // The reload that the viewer asked for may still run.
    const reached = /^200$|^400 ERR_INPUT_INVALID$|^409 ERR_RELOAD_UNDER_WAY$/;
    expect([name, own]).toEqual([name, expect.stringMatching(reached)]);
  }
});

test("--control carries no specification, no environment, no debugger and nothing unknown", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "s");
  const inspector = await openInspector(home, "--control");
  const before = await home.process("s");
  const [detail] = await home.client().details();
  const planted = join(home.folder, "planted");
  const spec = {
    ...(detail as { spec: object }).spec,
    script: "/bin/sh",
    args: ["-c", `id > ${planted}`],
    interpreter: null,
  };
  const settings = [{ key: "s", spec }];
  const base = { ids: [0], by: "a test" };
  const bodies: (readonly [path: string, body: unknown])[] = [
    ["/v1/actions", { ...base, action: "restart", settings }],
    ["/v1/actions", { ...base, action: "restart", settings: [] }],
    ["/v1/actions", { ...base, action: "restart", env: { NODE_OPTIONS: "--inspect" } }],
    ["/v1/actions", { ...base, action: "restart", env: {} }],
    ["/v1/actions", { ...base, action: "flush" }],
    ["/v1/actions", { ...base, action: "restart", by: "x".repeat(10_000) }],
    ["/v1/reloads", { ...base, settings }],
    ["/v1/reloads", { ...base, env: { A: "b" } }],
    ["/v1/reloads", { ...base, force: true, env: {} }],
    ["/v1/signals", { ids: [0], signal: "SIGUSR1" }],
    ["/v1/apps/s/scale", { instances: 10_000, by: "a test" }],
  ];
  for (const [path, body] of bodies) {
    const answer = await inspector.ask(path, { method: "POST", body });
    expect([body, answer.status, problemOf(answer)]).toEqual([
      body,
      403,
      "ERR_INSPECTOR_READ_ONLY",
    ]);
  }
  const malformed = await inspector.ask("/v1/actions", { method: "POST", body: [1] });
  expect([malformed.status, problemOf(malformed)]).toEqual([400, "ERR_INPUT_INVALID"]);
  expect(existsSync(planted)).toBe(false);
  expect((await home.process("s")).pid).toBe(before.pid);
  const restarted = await inspector.ask("/v1/reloads", { method: "POST", body: { ...base } });
  expect(restarted.status).toBe(200);
});

/** Sends bytes as they are. @returns all that comes back, when the connection ends. */
function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.end(bytes));
    let got = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => (got += chunk));
    socket.on("error", reject);
    socket.on("close", () => resolve(got));
  });
}

test("a request that cannot be understood is answered with 400 and leaves no line in god.log", async () => {
  const home = testHome();
  const { port, token } = await openInspector(home);
  const before = home.godLog();
  const paths = [
    `//[${"a".repeat(3_000)}`,
    "//",
    "//host/v1/ping",
    "http://[/v1/ping",
    "/v1/processes/%",
    "/v1/processes/%E0%A4%A",
    "/v1/processes/0?a=%",
    "/nothing",
    "*",
  ];
  const statuses: [string, string | undefined, string | undefined][] = [];
  for (const path of paths) {
    const request = (more: string): string =>
      `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nconnection: close\r\n${more}\r\n`;
    const stranger = await raw(port, request(""));
    const known = await raw(port, request(`authorization: Bearer ${token}\r\n`));
    statuses.push([path.slice(0, 20), stranger.slice(9, 12), known.slice(9, 12)]);
  }
  expect(
    statuses.filter(([, ...all]) => all.some((status) => !/^40[034]$/.test(status ?? ""))),
  ).toEqual([]);
  expect(statuses.slice(0, 4).map(([, stranger]) => stranger)).toEqual([
    "400",
    "400",
    "400",
    "400",
  ]);
  for (let count = 0; count < 200; count += 1) await ask({ port }, "GET", "/v1/history");
  expect(home.godLog()).toBe(before);

  // On the unix socket too, a broken escape is the fault of whoever asks.
  const own = await ask({ socketPath: home.paths.socket }, "GET", "/v1/processes/%");
  expect(own).toBe("400 ERR_INPUT_INVALID");
});

test("a thousand connections without a token take no place of a viewer", async () => {
  const home = testHome();
  const inspector = await openInspector(home);
  const { port } = inspector;
  const viewer = await inspector.live();
  const sockets = Array.from({ length: 1_000 }, () => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write("GET / HTTP/1.1\r\n");
    return socket;
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  await until("them to be connected, or refused", () =>
    sockets.every((socket) => !socket.connecting),
  );
  await expectServed(home, inspector);
  expect(viewer.isOpen()).toBe(true);
  // Those that never end their request are closed.
  const isOpen = (): number => sockets.filter((socket) => !socket.destroyed).length;
  await until("the last to be closed", () => isOpen() === 0, { withinMs: 30_000, saw: isOpen });
  expect(viewer.isOpen()).toBe(true);
});

async function expectServed(home: TestHome, inspector: TestInspector): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    expect((await inspector.ask("/v1/ping")).status).toBe(200);
  }
  expect((await home.client().inspector()).viewers).toBe(1);
}
