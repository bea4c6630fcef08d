import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Programs written for PM2 from its public documentation. Each prints what it saw after the word REPORT. */
export const programs = join(import.meta.dirname, "../fixtures/pm2-programs");

/** What PM2 itself let each program see; written by the long command that runs them under it. */
export const observedFile = join(programs, "observed.json");

export const programNames = readdirSync(programs).filter((name) => /\.[cm]js$/.test(name));

/**
 * Runs a program with only the import changed.
 * @param options.folder where its `node_modules` has the package; the programs are put beside it.
 */
export async function runProgram(options: {
  readonly name: string;
  readonly folder: string;
  readonly package: "exmachina" | "pm2";
  readonly home: string;
}): Promise<{ code: number | null; report: unknown; output: string }> {
  const { name, folder, home } = options;
  cpSync(programs, folder, { recursive: true });
  const text = readFileSync(join(programs, name), "utf8");
  writeFileSync(join(folder, name), text.replaceAll('"pm2"', JSON.stringify(options.package)));
  const { XM_HOME: _home, ...env } = process.env;
  const child = spawn(process.execPath, [name], {
    cwd: folder,
    env: { ...env, PM2_HOME: home, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    // One that hangs is not to outlive its test.
    timeout: 45_000,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  }
  const code = await new Promise<number | null>((resolve) => {
    child.on("close", resolve);
  });
  const line = /^REPORT (.*)$/m.exec(output)?.[1];
  return { code, report: line === undefined ? undefined : (JSON.parse(line) as unknown), output };
}

const types = join(import.meta.dirname, "../fixtures/pm2-types");
const root = join(import.meta.dirname, "../..");

/**
 * Compiles the programs that are written for types, strictly, against the package beside a folder.
 * @returns what the compiler says; nothing when they compile.
 */
export async function compilePrograms(options: {
  readonly names: readonly string[];
  readonly folder: string;
  readonly package: "exmachina" | "pm2";
}): Promise<string> {
  const folder = join(options.folder, "types");
  mkdirSync(folder, { recursive: true });
  for (const name of options.names) {
    const text = readFileSync(join(types, name), "utf8");
    const changed = text.replaceAll('"pm2"', JSON.stringify(options.package));
    writeFileSync(join(folder, name), changed);
  }
  const config = {
    compilerOptions: {
      module: "nodenext",
      target: "es2022",
      strict: true,
      noEmit: true,
      types: ["node"],
      typeRoots: [join(root, "node_modules/@types")],
    },
    files: options.names,
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const child = spawn(process.execPath, [compiler, "--pretty", "false", "-p", folder]);
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
  await new Promise((resolve) => {
    child.on("close", resolve);
  });
  return said;
}
