import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installPm2, pm2Program } from "../support/pm2.ts";
import { run } from "./measure.ts";

/** A process manager under measurement: `xm` as it was built, or PM2 from npm, each over a home of its own. */
export interface Manager {
  readonly name: string;
  readonly folder: string;
  readonly home: string;
  call(...args: string[]): Promise<{ ms: number; stdout: string; code: number | null }>;
  godPid(): number;
  jlist(): Promise<{ pid: number; name: string; pm2_env: { status: string } }[]>;
  logFile(app: string): string;
  end(): Promise<void>;
}

export function xmManager(): Manager {
  return manager("xm", join(import.meta.dirname, "../../dist/bin/xm.cjs"), "god.pid");
}

/** PM2, installed into a temporary folder unless it is there; it is run as a black box. */
export async function pm2Manager(): Promise<Manager> {
  await installPm2();
  return manager("pm2", pm2Program, "pm2.pid");
}

function manager(name: string, bin: string, pidFile: string): Manager {
  const folder = mkdtempSync(join(tmpdir(), `xm-bench-${name}-`));
  const home = join(folder, "h");
  const { XM_HOME: _home, PM2_HOME: _pm2Home, ...inherited } = process.env;
  // A home that PM2_HOME names has PM2's file names.
  const env = { ...inherited, [name === "xm" ? "XM_HOME" : "PM2_HOME"]: home };
  const call: Manager["call"] = (...args) =>
    run([process.execPath, bin, ...args], { env, cwd: folder });
  return {
    name,
    folder,
    home,
    call,
    godPid: () => Number(readFileSync(join(home, pidFile), "utf8")),
    jlist: async () =>
      JSON.parse(
        (await call("jlist")).stdout.split("\n").find((line) => line.startsWith("[")) ?? "[]",
      ) as never,
    logFile: (app) => join(home, "logs", `${app}-out.log`),
    end: async () => {
      await call("kill");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Writes a file into the manager's folder and gives its path. */
export function put(each: Manager, name: string, text: string): string {
  const path = join(each.folder, name);
  writeFileSync(path, text);
  return path;
}
