import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { startFlags } from "../../cli/start-flags.ts";
import { commandLine, configuration } from "../support/fuzz.ts";
import { isThere, testHome } from "../support/home.ts";

/** Reproducible; the long run is `XM_FUZZ_RUNS=2000 npx vitest run --project e2e tests/e2e/fuzz.test.ts`. */
const seed = Number(process.env["XM_FUZZ_SEED"] ?? 20_260_101);
const runs = Number(process.env["XM_FUZZ_RUNS"] ?? 120);

/** What waits, follows or ends the daemon by its own right would look like a fault. */
const leftOut = /timeout|ready|watch|attach|daemon|restart-delay|cron/;

const commands =
  "start start start restart reload stop delete scale describe why id pid env reset flush startOrRestart startOrReload sendSignal trigger save ls jlist".split(
    " ",
  );

test(
  "no command line and no file makes a call hang, or the daemon fall, or fail without words",
  { timeout: 60_000 + runs * 1_000 },
  async () => {
    const home = testHome({ env: { PM2_GRACEFUL_LISTEN_TIMEOUT: "200", PM2_KILL_TIMEOUT: "300" } });
    const app = home.file("app.js", "setInterval(() => {}, 1e9);");
    home.file("run.sh", "exec sleep 1000000");
    await home.ok("start", app, "--name", "known");
    const god = home.godPid();
    const flags = startFlags.map(({ flag }) => flag).filter((flag) => !leftOut.test(flag));
    const lines = fc.sample(
      commandLine({
        commands,
        flags: [...flags, "env", "only", "sort", "force", "update-env", "nonsense"],
        targets: ["app.js", "run.sh", "known", "0", "all", "99", "default", "/kn/", "/(/", "files.json", "."],
      }),
      { seed, numRuns: runs },
    ); // prettier-ignore
    const files = fc.sample(configuration, { seed, numRuns: Math.ceil(runs / 3) });
    const calls = [
      ...lines.map((words) => ({ words: words.map(tame), input: undefined as string | undefined })),
      ...files.map((value) => ({ words: ["start", "-"], input: JSON.stringify(tameFile(value)) })),
    ];

    const inTurn = async (): Promise<void> => {
      for (let call = calls.pop(); call !== undefined; call = calls.pop()) {
        const cwd = mkdtempSync(join(home.folder, "c"));
        writeFileSync(join(cwd, "app.js"), "setInterval(() => {}, 1e9);");
        writeFileSync(join(cwd, "run.sh"), "exec sleep 1000000", { mode: 0o755 });
        const { words, input } = call;
        const env = { HOME: home.folder };
        const ran = await withinTime(
          home.run(words, { cwd, env, ...(input === undefined ? {} : { input }) }),
          words,
          input,
        );
        const said = `xm ${words.join(" ")} ${input ?? ""}\n${ran.stdout}${ran.stderr}`;
        expect([0, 1], said).toContain(ran.code);
        expect(ran.stderr, said).not.toContain("fault of Ex Machina");
        if (ran.code === 1) expect(ran.stderr, said).toMatch(/xm: .*\S/);
      }
    };
    await Promise.all([inTurn(), inTurn(), inTurn()]);

    expect([home.godPid(), isThere(god)]).toEqual([god, true]);
    expect(home.godLog()).not.toMatch(/broke:|can't happen|at .*god\.cjs/);
    await home.ok("ping");
  },
);

async function withinTime<T>(
  call: Promise<T>,
  words: readonly string[],
  input: string | undefined,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`hangs: xm ${words.join(" ")} ${input ?? ""}`)),
      40_000,
    );
  });
  return Promise.race([call, late]).finally(() => clearTimeout(timer));
}

/** A few processes prove as much as thousands. */
function tame(word: string): string {
  return word.replace(/^([+-]?)\d{2,}$/, "$12").replace(/=(\d{2,}|max|1e9)$/, "=2");
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
