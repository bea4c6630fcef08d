import { spawn, type ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import type { LogSpaceRule } from "../../../machines/log-space.ts";
import { messageOf } from "../../contract/errors.ts";
import type {
  LogToRotate,
  RotationOutcome,
  RotatorNews,
  RotatorOrder,
} from "../../contract/rotation.ts";
import { programEnvironment } from "../../host/program-environment.ts";
import { onLines } from "../../host/lines.ts";
import { recoverRotation } from "../../host/rotation/recover.ts";

/** God's side of the rotator: starts it with the first order, and resumes paused writers when it dies. */
export interface Rotator {
  rotate(log: LogToRotate): Promise<RotationOutcome>;
  tend(logs: readonly LogToRotate[]): void;
  makeRoom(logs: readonly LogToRotate[], rule: LogSpaceRule): void;
  pid(): number | null;
  /** Lets go of it: it finishes what it does. */
  release(): void;
}

/** Writers that stand still are let run by the rotator within 50 ms; one that has not done it by then is hung. ms. */
const hungAfterMs = 1_000;

export function createRotator(options: {
  readonly program: string;
  /** Of its intent. */
  readonly folder: string;
  /** Every file that is written to. */
  readonly live: () => readonly string[];
  readonly log: (line: string) => void;
}): Rotator {
  const { program, folder, live, log } = options;
  let child: ChildProcess | undefined;
  let number = 0;
  let hung: NodeJS.Timeout | undefined;
  const waiting = new Map<number, (outcome: RotationOutcome) => void>();

  const hear = (own: ChildProcess, news: RotatorNews): void => {
    switch (news.news) {
      case "rotated":
        waiting.get(news.number)?.(news.outcome);
        waiting.delete(news.number);
        return;
      case "stopping":
        hung = setTimeout(() => {
          log("the rotator hangs while the writers of a log file are paused: ending it");
          own.kill("SIGKILL");
        }, hungAfterMs);
        return;
      case "running":
        clearTimeout(hung);
        return;
      case "note":
        log(news.text);
        return;
      default:
    }
  };
  const ended = (own: ChildProcess, why: string): void => {
    if (child !== own) return;
    child = undefined;
    clearTimeout(hung);
    for (const note of recoverRotation(folder)) log(note);
    for (const answer of waiting.values()) answer({ kind: "failed", why });
    waiting.clear();
  };
  const start = (): ChildProcess => {
    const own = spawn(process.execPath, [program, folder], {
      detached: true,
      cwd: "/",
      stdio: ["pipe", "pipe", "inherit"],
      env: programEnvironment(),
    });
    own.on("error", (error) => ended(own, `the rotator could not be started: ${messageOf(error)}`));
    own.on("exit", (code, signal) => ended(own, `the rotator ended (${signal ?? `code ${code}`})`));
    own.stdin?.on("error", () => {});
    onLines(own.stdout as Socket, (line) => hear(own, JSON.parse(line) as RotatorNews));
    own.unref();
    for (const stream of [own.stdin, own.stdout]) (stream as Socket).unref();
    return own;
  };
  const send = (order: RotatorOrder): void => {
    if (child === undefined) {
      child = start();
      write({ order: "live", files: live() });
    }
    write(order);
  };
  const write = (order: RotatorOrder): void =>
    void child?.stdin?.write(`${JSON.stringify(order)}\n`);

  return {
    rotate: (each) =>
      new Promise((resolve) => {
        number += 1;
        waiting.set(number, resolve);
        send({ order: "rotate", number, log: each });
      }),
    tend: (logs) => {
      if (logs.length > 0) send({ order: "tend", logs });
    },
    makeRoom: (logs, rule) => {
      if (logs.length > 0) send({ order: "makeRoom", logs, rule });
    },
    pid: () => child?.pid ?? null,
    release: () => {
      clearTimeout(hung);
      child?.stdin?.end();
      child = undefined;
    },
  };
}
