import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { messageOf, xmError } from "../../runtime/contract/errors.ts";
import { writeFileAtomic } from "../../runtime/host/atomic.ts";
import { launcherText } from "./launcher.ts";
import type { BootPlan } from "./plan.ts";
import { checkSteps, disableSteps, enableSteps, forgetSteps, type Step } from "./steps.ts";
import { unitText } from "./units.ts";

/** A file of a boot script. */
interface BootFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

/** What a plan writes. */
export function bootFiles(plan: BootPlan): BootFile[] {
  const isProgram = plan.system !== "systemd" && plan.system !== "launchd";
  return [
    { path: plan.launcher, text: launcherText(plan), mode: 0o755 },
    { path: plan.unit, text: unitText(plan), mode: isProgram ? 0o755 : 0o644 },
  ];
}

/**
 * Writes a boot script, enables and starts it, and looks whether that came true.
 * @throws `ERR_COMMAND_FAILED` with what the service manager said.
 */
export function setUp(plan: BootPlan, say: (line: string) => void): void {
  for (const { path, text, mode } of bootFiles(plan)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    writeFileAtomic(path, text);
    chmodSync(path, mode);
    say(`wrote ${path}`);
  }
  for (const step of enableSteps(plan)) run(step, say);
  const faults = checkBoot(plan);
  if (faults.length > 0)
    throw xmError("ERR_COMMAND_FAILED", { command: "xm startup", failures: faults });
}

/** Removes a boot script. The running daemon is left alone. */
export function takeDown(plan: BootPlan, say: (line: string) => void): void {
  const there = bootFiles(plan).filter(({ path }) => existsSync(path));
  if (there.length === 0) {
    throw xmError("ERR_USAGE", {
      what: `there is no boot script ${plan.unit}`,
      fix: "name the service with --service-name, the user with -u, or --user",
    });
  }
  for (const step of disableSteps(plan)) run(step, say);
  for (const { path } of there) {
    rmSync(path);
    say(`removed ${path}`);
  }
  for (const step of forgetSteps(plan)) run(step, say);
}

/** What is wrong with a boot script; nothing when the machine's next boot starts the daemon. */
export function checkBoot(plan: BootPlan): string[] {
  const faults: string[] = [];
  for (const { path, text } of bootFiles(plan)) {
    if (!existsSync(path)) faults.push(`${path} does not exist: run \`xm startup\``);
    else if (readFileSync(path, "utf8") !== text) {
      faults.push(`${path} differs from what \`xm startup\` writes now: run it again`);
    }
  }
  if (faults.length > 0) return faults;
  return checkSteps(plan).flatMap((step) => {
    const fault = faultOf(step);
    return fault === undefined ? [] : [`\`${step.join(" ")}\`: ${fault}`];
  });
}

function run(step: Step, say: (line: string) => void): void {
  say(step.join(" "));
  const fault = faultOf(step);
  if (fault === undefined) return;
  throw xmError("ERR_COMMAND_FAILED", { command: step.join(" "), failures: [fault] });
}

function faultOf([command = "", ...args]: Step): string | undefined {
  const { error, status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (error !== undefined) return messageOf(error);
  if (status === 0) return undefined;
  return `${stderr}${stdout}`.trim() || `ended with ${status}`;
}
