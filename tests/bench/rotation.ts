import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scanProcesses } from "../../runtime/host/procfs.ts";
import { recoverRotation } from "../../runtime/host/rotation/recover.ts";
import { countLines, endWriter, startRotator, startWriter, writers } from "../support/rotation.ts";
import { until } from "../support/condition.ts";

/*
 * The long run of rotation: `npx tsx tests/bench/rotation.ts [ROTATIONS] [KILLS]` (100 and 50 unless told). For each kind of
 * writer so many rotations by the built rotator while it writes; then as many more while the rotator is killed at random instants
 * and its intent recovered as God does it. Every line is counted.
 */
const [rotations = 100, kills = 50] = process.argv.slice(2).map(Number);

for (const [kind, command] of Object.entries(writers)) {
  const folder = mkdtempSync(join(tmpdir(), "xm-rotation-"));
  const intents = join(folder, "rotation");
  mkdirSync(intents);
  const file = join(folder, "app-out.log");
  const writer = startWriter(command, file);
  const grows = async (): Promise<void> => {
    const before = statSync(file).size;
    await until("more lines", () => statSync(file).size !== before);
  };
  await until("lines", () => statSync(file).size > 0);
  const pauses: number[] = [];
  let later = 0;
  let rotator = startRotator(intents);
  while (pauses.length < rotations) {
    await grows();
    const { kind: how, pauseMs = 0 } = await rotator.rotate(file);
    if (how === "rotated") pauses.push(pauseMs);
    else if (how === "later") later += 1;
  }
  let killed = 0;
  let stopped = 0;
  while (killed < kills) {
    const work = rotator.rotate(file);
    await new Promise((resolve) => {
      setTimeout(resolve, Math.random() * 25);
    });
    if (rotator.child.kill("SIGKILL")) killed += 1;
    await work;
    await rotator.end();
    for (const note of recoverRotation(intents)) process.stderr.write(`${note}\n`);
    stopped += scanProcesses().filter(
      (each) => each.session === writer.pid && each.state === "T",
    ).length;
    rotator = startRotator(intents);
    await rotator.rotate(file);
  }
  await rotator.end();
  await endWriter(writer);
  const { files, lines, lost, doubled, torn } = countLines(file);
  const sorted = pauses.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1);
  process.stdout.write(
    `${kind}: ${files} files, ${lines} lines, lost ${lost}, doubled ${doubled}, torn ${torn}; ` +
      `pause p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms; tried again ${later}; ` +
      `killed ${killed} times, left stopped ${stopped}\n`,
  );
  rmSync(folder, { recursive: true });
}
