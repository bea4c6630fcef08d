import { spawn, type ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import type { AppSpec } from "../../../machines/spec.ts";
import { messageOf } from "../../contract/errors.ts";
import type { NotifiedApp, NotifierOrder } from "../../contract/notify.ts";
import { isTellingName } from "../../contract/secrets.ts";
import { programEnvironment } from "../../host/program-environment.ts";
import { onLines } from "../../host/lines.ts";
import { variablesIn } from "../../host/notify/send.ts";
import type { History } from "../records/history.ts";

/** After the first death, doubled after each further one; ms. */
const firstWaitMs = 1_000;
const mostWaitMs = 60_000;

/** A notifier that has lived this long begins again at the first wait; ms. */
const healthyAfterMs = 60_000;

/** An app as God has it. */
export interface Declared {
  readonly key: string;
  readonly spec: AppSpec;
}

/** God's side of the notifier. It runs while an app has `notify`; God writes the rules to it and waits for nothing. */
export interface Notifier {
  /** The apps are restored: from now on it follows their rules. */
  begin(): void;
  /** Looks at the rules of all apps. */
  check(): void;
  pid(): number | null;
  release(): void;
}

export function createNotifier(options: {
  readonly program: string;
  readonly folder: string;
  readonly socket: string;
  readonly history: History;
  readonly apps: () => readonly Declared[];
  readonly specOf: (key: string) => AppSpec | undefined;
  readonly log: (line: string) => void;
  readonly now: () => number;
}): Notifier {
  const { program, folder, socket, history, apps, specOf, log, now } = options;
  let child: ChildProcess | undefined;
  let told = "[]";
  /** The last record while nobody was to be told. */
  let from: number | null = null;
  /** The declarations, by key, as the notifier has them: most records are of one that has not changed. */
  const known = new Map<string, AppSpec>();
  let waitMs = firstWaitMs;
  let timer: NodeJS.Timeout | undefined;
  let isReleased = false;
  let isBegun = false;

  const start = (): void => {
    if (isReleased || child !== undefined || told === "[]") return;
    const own = spawn(process.execPath, [program, folder, socket], {
      detached: true,
      cwd: "/",
      stdio: ["pipe", "pipe", "inherit"],
      env: programEnvironment(),
    });
    child = own;
    const startedAt = now();
    let isOver = false;
    const ended = (why: string): void => {
      if (isOver || child !== own) return;
      isOver = true;
      child = undefined;
      // Nobody is to be told any more, and everything is sent.
      if (told === "[]") return;
      if (now() - startedAt > healthyAfterMs) waitMs = firstWaitMs;
      log(`the notifier ended (${why}); it is started again`);
      timer = setTimeout(start, waitMs).unref();
      waitMs = Math.min(waitMs * 2, mostWaitMs);
    };
    own.on("error", (error) => ended(messageOf(error)));
    own.on("exit", (code, signal) => ended(signal ?? `code ${code}`));
    own.stdin?.on("error", () => {});
    onLines(own.stdout as Socket, (line) => log(`notify: ${line}`));
    own.unref();
    for (const stream of [own.stdin, own.stdout]) (stream as Socket).unref();
    write();
  };
  const write = (): void => {
    const order: NotifierOrder = {
      apps: JSON.parse(told) as NotifiedApp[],
      from,
      last: history.lastSeq,
    };
    child?.stdin?.write(`${JSON.stringify(order)}\n`);
  };
  const check = (): void => {
    if (isReleased || !isBegun) return;
    const declared = apps();
    known.clear();
    for (const { key, spec } of declared) known.set(key, spec);
    const some = JSON.stringify(declared.flatMap(notifiedApp));
    if (some === "[]") from = history.lastSeq;
    if (some === told) return;
    told = some;
    if (child === undefined) start();
    else write();
  };
  // Before any other listener: the rules of a new app are on their way before its first record is.
  history.subscribe(({ app: key }) => {
    if (key === "" || !isBegun) return;
    const spec = specOf(key);
    if (spec === undefined || spec === known.get(key)) return;
    const before = known.get(key);
    known.set(key, spec);
    if (spec.notify !== undefined || before?.notify !== undefined) check();
  });

  return {
    begin: () => {
      isBegun = true;
      check();
    },
    check,
    pid: () => child?.pid ?? null,
    release: () => {
      isReleased = true;
      clearTimeout(timer);
      child?.stdin?.end();
    },
  };
}

function notifiedApp({ key, spec }: Declared): NotifiedApp[] {
  const { name, namespace, notify: rules = [], env } = spec;
  if (rules.length === 0) return [];
  const names = new Set(rules.flatMap(({ target }) => variablesIn(target)));
  const entries = Object.entries(env);
  return [
    {
      key,
      name,
      namespace,
      rules,
      variables: Object.fromEntries(entries.filter(([each]) => names.has(each))),
      secrets: entries
        .filter(([each]) => names.has(each) || isTellingName(each))
        .map(([, value]) => value),
    },
  ];
}
