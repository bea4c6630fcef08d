import { readdirSync, readFileSync } from "node:fs";
import { until } from "../support/condition.ts";

/**
 * Ends what is left in a home after its daemon was asked to end: the daemon, then its apps, each by pid.
 * @returns the command lines of what did not go by itself within 5 s.
 */
export async function cleanUp(places: { home: string; folder: string }): Promise<string[]> {
  try {
    await until("the home to be empty", () => processesOf(places).length === 0, {
      withinMs: 5_000,
    });
    return [];
  } catch {
    const left = processesOf(places);
    for (const { pid } of left) end(pid);
    await until("what was killed to be gone", () => processesOf(places).length === 0);
    return left.map(({ pid, command }) => `${pid} ${command}`);
  }
}

/** Every living process whose environment or command line names the home or the folder, but ourselves. */
function processesOf({ home, folder }: { home: string; folder: string }) {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => ({
      pid: Number(name),
      command: read(name, "cmdline").replaceAll("\0", " "),
      environment: read(name, "environ"),
    }))
    .filter(
      ({ command, environment }) =>
        environment.split("\0").includes(`PM2_HOME=${home}`) ||
        command.includes(home) ||
        command.includes(`${folder}/`),
    );
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** A process may end between its listing and its reading. */
function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}
