import { request } from "node:http";
import { text } from "node:stream/consumers";
import * as v from "valibot";
import { expect, onTestFinished, test } from "vitest";
import { calls, type Call, type CallName } from "../../runtime/contract/api/calls.ts";
import * as schemas from "../../runtime/contract/api/schemas.ts";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";
import { program } from "../support/programs.ts";

const answerSchemas = { ...schemas } as unknown as Readonly<
  Record<(typeof calls)[CallName]["answer"], v.GenericSchema>
>;

interface Asked {
  readonly params?: Readonly<Record<string, string | number>>;
  readonly query?: string;
  readonly body?: object;
  /** Of a stream that does not end by itself: this many lines are read. */
  readonly lines?: number;
}

/** Asks as any HTTP client does. The answer as it came: one value, or the values of its lines without its end. */
async function ask(home: TestHome, name: CallName, asked: Asked): Promise<unknown[]> {
  const { method, path, kind }: Call = calls[name];
  const { params = {}, query, body, lines } = asked;
  const filled = path.replaceAll(/:(\w+)/g, (_, each: string) => String(params[each]));
  const answer = await new Promise<import("node:http").IncomingMessage>((resolve, reject) => {
    const full = `/v1${filled}${query === undefined ? "" : `?${query}`}`;
    const call = request({ socketPath: home.paths.socket, method, path: full }, resolve);
    call.on("error", reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
  expect([name, answer.statusCode]).toEqual([name, 200]);
  if (kind === "json") return [JSON.parse(await text(answer))];
  let read = "";
  const ended = (): string[] => read.split("\n").slice(0, -1);
  for await (const chunk of answer.setEncoding("utf8")) {
    read += chunk as string;
    if (lines !== undefined && ended().length >= lines) break;
  }
  const values = ended().map((line): unknown => JSON.parse(line));
  if (lines !== undefined) return values;
  expect([name, values.at(-1)]).toEqual([name, { end: true }]);
  return values.slice(0, -1);
}

const serves = `require("node:http").createServer((_, answer) => answer.end()).listen(0, "127.0.0.1");`;
const acts = `process.on("message", (asked) => {
  process.send({ type: "axm:reply", data: { action_name: "act", return: { asked } } });
});
process.send({ type: "axm:action", data: { action_name: "act" } });`;
const asks = { exec: "false", period: "1s", failure_threshold: 1 };

/** An app for each state that a process can be in, and for what can be said of one. */
function everyState(home: TestHome): string {
  const script = program("stays.js");
  const apps = [
    {
      name: "full",
      script,
      max_memory_restart: "1G",
      cron_restart: "0 3 * * *",
      watch: ["watched"],
      max_age: "24h",
      env: { A: "1" },
      stop_exit_codes: [3],
      exp_backoff_restart_delay: 100,
      nice: 1,
    },
    {
      name: "cluster",
      script: home.file("serves.cjs", serves),
      instances: 2,
      exec_mode: "cluster",
    },
    { name: "waiting", script: program("crashes.js"), restart_delay: 600_000 },
    { name: "errored", script: program("crashes.js"), max_restarts: 1, min_uptime: "60s" },
    { name: "stopped", script, autostart: false },
    { name: "pending", script, depends_on: ["launching"] },
    { name: "launching", script, wait_ready: true, listen_timeout: 600_000 },
    { name: "stopping", script: program("ignores-sigint.js"), kill_timeout: 600_000 },
    { name: "acting", script: home.file("acts.cjs", acts) },
    { name: "unhealthy", script, readiness_probe: asks },
    { name: "job", script: home.file("done.cjs", ""), type: "oneshot" },
  ];
  return home.file("every.json", JSON.stringify({ apps }));
}

const inState = {
  online: ["full", "cluster", "acting"],
  waiting: ["waiting"],
  errored: ["errored"],
  completed: ["job"],
  stopped: ["stopped"],
  pending: ["pending"],
  starting: ["launching"],
} as const;

/** Starts them and waits for their states. The answer ends the commands that wait for others. */
async function startAll(home: TestHome): Promise<() => Promise<void>> {
  const file = everyState(home);
  const left = [home.xm("start", file)];
  const statuses = async () => (await home.list()).map(({ name, status }) => `${name} ${status}`);
  const wanted = Object.entries(inState).flatMap(([status, names]) =>
    names.map((name) => `${name} ${status}`),
  );
  await until(
    "every state",
    async () => {
      const there = await statuses();
      return wanted.every((each) => there.includes(each));
    },
    { saw: statuses },
  );
  left.push(home.xm("stop", "stopping"));
  await until("the stop", async () => (await statuses()).includes("stopping stopping"));
  const { pid } = await home.process("stopping");
  onTestFinished(() => kill(pid));
  return async () => {
    kill(pid);
    await Promise.all(left);
  };
}

function kill(pid: number | null): void {
  try {
    if (pid !== null) process.kill(pid, "SIGKILL");
  } catch {
    // The daemon has ended it.
  }
}

test("every answer of the API is what its schema says, for processes in every state", async () => {
  const home = testHome({ env: { XM_WATCHDOG: "off" } });
  const endAll = await startAll(home);
  const list = await home.list();
  const idOf = (name: string): number => list.find((each) => each.name === name)?.id ?? -1;
  const ids = list.map(({ id }) => id);
  const [full, cluster] = [idOf("full"), idOf("cluster")];
  const by = "a test";
  const { spec } = await home.client().detail(full);

  const asked: Readonly<Record<CallName, readonly Asked[]>> = {
    ping: [{}],
    daemon: [{}],
    openInspector: [{ body: { control: true, by } }],
    inspector: [{}],
    processes: [{}, { query: "metrics=true" }, { query: "detail=true&metrics=true" }],
    process: ids.map((id) => ({ params: { id }, query: "usage=true" })),
    states: ids.map((id) => ({ params: { id } })),
    declare: [{ body: { apps: [{ ...spec, name: "more" }], known: "leave", by } }],
    scale: [{ params: { name: "cluster" }, body: { instances: 3, by } }],
    act: (["restart", "reset", "flush", "stop", "start"] as const).map((action) => ({
      body: { action, ids: [full], by },
    })),
    run: [{ body: { id: idOf("job"), by } }],
    reload: [{ body: { ids: [cluster, full], by } }],
    trigger: [{ body: { ids: [idOf("acting")], action: "act" } }],
    signal: [{ body: { ids: [cluster], signal: "SIGCONT" } }],
    message: [{ body: { ids: [full, cluster], message: { a: 1 } } }],
    input: [{ body: { ids: [full, cluster], text: "a\n" } }],
    inspect: [{ body: { id: cluster, hold: true }, lines: 1 }],
    profile: (["cpu", "memory"] as const).flatMap((kind) => [
      { body: { kind, durationMs: 20 } },
      { body: { kind, durationMs: 20, id: cluster } },
    ]),
    save: [{ body: {} }, { body: { empty: true } }],
    resurrect: [{ body: { by } }],
    usage: [{}, { query: `ids=${full}&since=0&most=5` }],
    history: [{}],
    events: [{ lines: 3 }],
    bus: [{ query: "topics=processes,messages,logs,daemon", lines: 3 }],
    logs: [{ query: `ids=${ids.join(",")}&lines=5&follow=false&streams=out,err` }],
    followLogs: [{ body: { ids, daemon: true, lines: 5, follow: false, streams: ["out", "err"] } }],
    flushLogs: [{ body: { ids, daemon: true } }],
    rotateLogs: [{ body: { ids } }],
    reopenLogs: [{}],
    closeInspector: [{ body: { by } }],
    handOver: [{ body: { by } }],
    shutDown: [{ body: { by } }],
  };

  const seen = new Map<CallName, number>();
  for (const [name, each] of Object.entries(asked) as [CallName, readonly Asked[]][]) {
    const schema = answerSchemas[calls[name].answer];
    for (const one of each) {
      const before = home.godPid();
      if (name === "shutDown") void endAll();
      const answers = ask(home, name, one);
      // Something has to happen for who listens.
      if (name === "bus" || name === "events") await home.ok("restart", "full");
      for (const answer of await answers) {
        const parsed = v.safeParse(schema, answer);
        expect([name, parsed.issues?.map((issue) => v.getDotPath(issue))]).toEqual([
          name,
          undefined,
        ]);
        // Nothing that the schema does not know.
        expect(parsed.output, name).toEqual(answer);
        seen.set(name, (seen.get(name) ?? 0) + 1);
      }
      if (name === "handOver") await home.ok("ping");
      if (name === "handOver") expect(await home.nextGod(before)).not.toBe(before);
    }
  }
  await endAll();
  expect(new Set(seen.keys())).toEqual(new Set(Object.keys(calls)));
});
