import { spawn, type ChildProcess } from "node:child_process";
import type { HeldPort } from "./inspector/held-port.ts";

/**
 * The watchdog: a shell that blocks on the read end of a pipe whose other end only God holds. God's death, of
 * SIGKILL too, closes the pipe, `read` fails, and the shell *becomes* the next God by `exec`. It costs no CPU
 * and about 1 MB, uses nothing but POSIX sh, and is gone once it has done its work. A word on the pipe stands
 * it down. It does not protect against both being killed at once: the next `xm` call starts a God then.
 */
export function startWatchdog(options: {
  readonly command: readonly string[];
  /** When the daemons of this chain started, newest last, in ms since the epoch. */
  readonly boots: readonly number[];
  readonly log: (line: string) => void;
  /** What it holds for the next God. */
  readonly heldPort: HeldPort;
}): Watchdog {
  const { command, boots, log, heldPort } = options;
  let shell: ChildProcess | undefined;
  let standsDown = false;
  let kills = 0;

  const start = (): void => {
    const { held } = heldPort;
    const current = spawn("/bin/sh", ["-c", 'read -r word || exec "$0" "$@"', ...command], {
      detached: true,
      cwd: "/",
      env: { ...process.env, ...held?.env, [bootsVariable]: boots.join(",") },
      stdio: ["pipe", "inherit", "inherit", ...(held === undefined ? [] : [held.fd])],
    });
    shell = current;
    current.on("error", (error) => log(`the watchdog failed to start: ${error.message}`));
    current.on("exit", () => {
      if (standsDown || current !== shell) return;
      shell = undefined;
      kills += 1;
      if (kills < mostKills) start();
      else log(`the watchdog was killed ${kills} times; giving up on it`);
    });
    current.stdin?.on("error", (error) => log(`the watchdog's pipe: ${error.message}`));
    current.unref();
    (current.stdin as { unref?: () => void } | null)?.unref?.();
  };

  if (boots.length <= mostBoots) start();
  else log(`started ${boots.length} times within a minute: running without a watchdog`);

  heldPort.onChange = () => {
    const before = shell;
    if (before === undefined || standsDown) return;
    start();
    before.stdin?.end("leave\n");
  };

  return {
    pid: () => shell?.pid ?? null,
    standDown: () => {
      standsDown = true;
      shell?.stdin?.end("leave\n");
    },
  };
}

export interface Watchdog {
  pid(): number | null;
  /** God is leaving on purpose. */
  standDown(): void;
}

/** The boots of this chain of daemons within the last minute, this one included. */
export function countBoots(env: NodeJS.ProcessEnv, now: number): number[] {
  const earlier = (env[bootsVariable] ?? "").split(",").filter(Boolean).map(Number);
  return [...earlier.filter((at) => now - at < 60_000), now];
}

/** A daemon that dies and comes back this often within a minute has a fault that a restart does not fix. */
const mostBoots = 10;

/** A watchdog that is killed this often is not replaced. */
const mostKills = 5;

const bootsVariable = "XM_BOOTS";
