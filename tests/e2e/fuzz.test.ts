import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { startFlags } from "../../cli/apps/start-flags.ts";
import { commandLine, configuration } from "../support/fuzz.ts";
import { faultsOf, isRefused, whichOf, type FuzzedCall } from "../support/fuzz-oracle.ts";
import { isThere, testHome, type Ran, type TestHome } from "../support/home.ts";

/** Reproducible; the long run is `XM_FUZZ_RUNS=2000 npx vitest run --project e2e tests/e2e/fuzz.test.ts`. */
const seed = Number(process.env["XM_FUZZ_SEED"] ?? 20_260_101);
const runs = Number(process.env["XM_FUZZ_RUNS"] ?? 60);

/** Homes side by side, each with its calls one after the other: what a refused call has changed is seen. */
const homes = 3;

/** What waits, follows or ends the daemon by its own right would look like a fault. */
const leftOut = /timeout|ready|watch|attach|daemon|restart-delay|cron|host/;

const commands =
  "start start start start restart reload stop delete scale describe why id pid env reset flush startOrRestart startOrReload sendSignal trigger send save ls jlist prettylist history logs simulate chart set get multiset unset conf create init migrate cleardump resurrect reloadLogs report slist completion examples serve nonsense".split(
    " ",
  );

/** No call waits for so long, on a loaded machine either. */
const hangsAfterMs = 40_000;

/** Names that a pattern with nested repetition takes for ever to refuse. */
const explosive = "a".repeat(40);

const targets =
  `app.js run.sh known slow flaky 0 1 99 all default /kn/ /(/ /[/z /(a+)+$/ /(a|a)*b/i /known/gy files.json folder.json pipe.json socket.json pipe socket folder . .. - known app.js ${explosive}!`.split(
    " ",
  );

test(
  "no command line and no file makes a call hang, or the daemon fall, or fail without words, or change what it refuses to",
  { timeout: 60_000 + runs * 1_500 },
  async () => {
    const flags = startFlags.map(({ flag }) => flag).filter((flag) => !leftOut.test(flag));
    const lines = fc.sample(
      commandLine({
        commands,
        flags: [...flags, "env", "only", "sort", "force", "update-env", "nonsense", "lines", "json", "spa"],
        targets,
      }),
      { seed, numRuns: runs },
    ); // prettier-ignore
    const files = fc.sample(configuration, { seed, numRuns: Math.ceil(runs / 3) });
    const calls: FuzzedCall[] = [
      ...lines.map((words) => ({ words: withinReason(words.map(tame)) })),
      ...files.map((value) => ({ words: ["start", "-"], input: JSON.stringify(tameFile(value)) })),
    ];
    const found = await Promise.all(
      Array.from({ length: homes }, (_, index) =>
        playAll(calls.filter((_call, number) => number % homes === index)),
      ),
    );
    expect(found.flat()).toEqual([]);
  },
);

/**
 * Plays calls in a home that has processes of every kind; every seventh call goes with the next one at once.
 * @returns what is wrong with how they ended.
 */
async function playAll(calls: readonly FuzzedCall[]): Promise<string[]> {
  const found: string[] = [];
  const home = testHome({ env: { PM2_GRACEFUL_LISTEN_TIMEOUT: "200", PM2_KILL_TIMEOUT: "300" } });
  const app = home.file("app.js", "setInterval(() => {}, 1e9);");
  const slow = home.file("slow.js", "process.on('SIGINT', () => {}); setInterval(() => {}, 1e9);");
  const flaky = home.file("flaky.js", "setTimeout(() => process.exit(1), 150);");
  const begin = async (): Promise<void> => {
    await home.ok("start", app, "--name", "known", "-f");
    await home.ok("start", slow, "--name", "slow", "-f");
    await home.ok("start", flaky, "--name", "flaky", "--restart-delay", "200", "--max-restarts", "100000", "-f");
    await home.ok("start", app, "--name", `${explosive}!`, "-f");
  }; // prettier-ignore
  await begin();
  const god = home.godPid();
  for (let index = 0; index < calls.length; index += 1) {
    const isPair = index % 7 === 0 && index + 1 < calls.length;
    const now = calls.slice(index, index + (isPair ? 2 : 1));
    if (isPair) index += 1;
    const before = whichOf(await home.list());
    const ended = await Promise.all(now.map((call) => play(home, call)));
    for (const { call, ran } of ended) {
      const said = `xm ${JSON.stringify(call.words)} ${call.input ?? ""}\n${ran.stdout}${ran.stderr}`;
      found.push(...faultsOf(call, ran).map((fault) => `${fault}: ${said}`));
      const isUnchanged = whichOf(await home.list()).join() === before.join();
      if (!isPair && isRefused(ran) && !isUnchanged) found.push(`it has changed the list: ${said}`);
    }
    expect([home.godPid(), isThere(god)], JSON.stringify(now)).toEqual([god, true]);
    // Some calls delete everything, and some start much.
    const { length } = await home.list();
    if (length > 20) await home.ok("delete", "all", "-s");
    if (length === 0 || length > 20) await begin();
  }
  expect(home.godLog()).not.toMatch(/broke:|can't happen|at .*god\.cjs/);
  await home.ok("ping");
  return found;
}

/** Runs a call in a folder of its own, in which files are folders, sockets and pipes. */
async function play(
  home: TestHome,
  { words, input }: FuzzedCall,
): Promise<{ call: FuzzedCall; ran: Ran }> {
  const cwd = mkdtempSync(join(home.folder, "c"));
  writeFileSync(join(cwd, "app.js"), "setInterval(() => {}, 1e9);");
  writeFileSync(join(cwd, "run.sh"), "exec sleep 1000000", { mode: 0o755 });
  for (const folder of ["folder", "folder.json"]) mkdirSync(join(cwd, folder));
  execFileSync("mkfifo", ["pipe", "pipe.json"], { cwd });
  const sockets = await Promise.all(["socket", "socket.json"].map((name) => socketAt(cwd, name)));
  onTestFinished(() => sockets.forEach((close) => close()));
  const env = { HOME: home.folder };
  const call = home.run(words, { cwd, env, ...(input === undefined ? {} : { input }) });
  const ran = await withinTime(call, JSON.stringify(words), input);
  for (const close of sockets) close();
  return { call: { words, input, cwd }, ran };
}

async function socketAt(folder: string, name: string): Promise<() => void> {
  const server = createServer();
  await new Promise<void>((listens) => {
    server.listen(join(folder, name), listens);
  });
  return () => void server.close();
}

async function withinTime<T>(call: Promise<T>, words: string, input = ""): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`hangs: xm ${words} ${input}`)), hangsAfterMs);
  });
  return Promise.race([call, late]).finally(() => clearTimeout(timer));
}

/** A few processes prove as much as thousands. */
function tame(word: string): string {
  return word.replace(/^([+-]?)\d{2,}$/, "$12").replace(/=(\d{2,}|max|1e9)$/, "=2");
}

/** What follows for ever by its own right is asked for what was; a signal that ends God is not sent to it. */
function withinReason([command = "", ...words]: readonly string[]): string[] {
  if (command === "logs") return [command, "--nostream", ...words];
  if (command === "simulate") return [command, "--for=10s", ...words];
  return [command, ...words];
}

/** Without what waits, starts thousands, or has a shell run a random text. */
function tameFile(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, held: unknown) => {
    if (/timeout|ready|watch|delay|cron/.test(key)) return undefined;
    if (key === "instances" && Number(held) > 2) return 2;
    if (
      ["script", "exec", "cmd", "command"].includes(key) &&
      typeof held === "string" &&
      /\s/.test(held)
    )
      return "app.js";
    return held;
  });
}
