import { spawn } from "node:child_process";
import type { AppSpec } from "../../../machines/spec.ts";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import { confined } from "../../host/confine.ts";
import { resolveIdentity, type ProgramAs } from "../../host/users.ts";
import type { Answer } from "./run.ts";

/**
 * Asks by a command of a shell's, whose answer is its exit code. It runs in the app's folder, with its variables, as its user and
 * under its limits: what is there may be the app's. Its process group ends with the question.
 */
export function askCommand(
  command: string,
  spec: AppSpec,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Answer> {
  const bad = (why: string): Answer => ({ isGood: false, why });
  let program: ProgramAs;
  try {
    const identity = resolveIdentity(spec.uid, spec.gid);
    if (typeof identity === "string") return Promise.resolve(bad(identity));
    const shell = { command: "/bin/sh", args: ["-c", command], env: spec.env };
    // A probe has no part in the app's own /tmp.
    const { privateTmp: _, ...rest } = spec.confinement ?? {};
    program = confined(spec.confinement && rest, identity, shell);
  } catch (error) {
    return Promise.resolve(bad(messageOf(error)));
  }
  return new Promise((resolve) => {
    const { command: first, args, ...rights } = program;
    const child = spawn(first, args, {
      cwd: spec.cwd,
      detached: true,
      stdio: "ignore",
      ...rights,
    });
    const kill = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch (error) {
        if (errnoOf(error) !== "ESRCH") throw error;
      }
    };
    const end = (answer: Answer): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", kill);
      kill();
      resolve(answer);
    };
    const timer = setTimeout(() => end(bad(`no end within ${timeoutMs} ms`)), timeoutMs);
    signal.addEventListener("abort", kill);
    child.on("error", (error) => end(bad(messageOf(error))));
    child.on("exit", (code, by) => {
      end(
        code === 0 ? { isGood: true } : bad(code === null ? `ended by ${by}` : `exit code ${code}`),
      );
    });
  });
}
