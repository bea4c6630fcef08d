import { realpathSync } from "node:fs";
import { plain } from "../../runtime/contract/plain.ts";
import { builtProgram } from "../../runtime/host/built-program.ts";
import { bootFiles, checkBoot, setUp, takeDown } from "../startup/apply.ts";
import { initSystems, isInitSystem, planBoot, type BootPlan } from "../startup/plan.ts";
import { enableSteps } from "../startup/steps.ts";
import { xmCommand } from "../call/command.ts";
import { globals } from "../call/globals.ts";

const args = {
  platform: {
    type: "positional",
    description: `${initSystems.join(", ")}(default: detected)`,
    required: false,
  },
  user: {
    type: "boolean",
    description: "For your user only, by its own service manager; needs no root",
  },
  u: { type: "string", description: "User of the daemon (default: you)", valueHint: "NAME" },
  "service-name": { type: "string", description: "Service name", valueHint: "NAME" },
  "wait-ip": { type: "boolean", description: "Start it when the network is up" },
  print: { type: "boolean", description: "Print every file and command without changing anything" },
} as const;

type Given = Readonly<Record<string, unknown>>;

/** Starts the daemon, and with it what ran, when the machine boots. */
export const startup = xmCommand({
  name: "startup",
  description: "Starts the daemon at boot with the apps that were running; `xm save` is not needed",
  args: {
    ...args,
    check: {
      type: "boolean",
      description: "Check whether the next boot starts it; exits with 1 if not",
    },
  },
  run: ({ args: given }) => {
    const plan = planOf(given);
    if (given.print === true) return print(plan);
    if (given.check === true) return check(plan);
    if (!mayWrite(plan)) return showSudo("startup", plan);
    setUp(plan, say);
    say(
      `${plan.service} starts at boot and is running. \`xm startup --check\` checks this later, \`xm unstartup\` removes the service`,
    );
  },
});

export const unstartup = xmCommand({
  name: "unstartup",
  description: "Removes the boot service; the running daemon keeps running",
  args,
  run: ({ args: given }) => {
    const plan = planOf(given);
    if (given.print === true) return print(plan);
    if (!mayWrite(plan)) return showSudo("unstartup", plan);
    takeDown(plan, say);
  },
});

function planOf(given: Given): BootPlan {
  const word = given["platform"] as string | undefined;
  // PM2's `--user NAME`.
  const isName = given["user"] === true && word !== undefined && !isInitSystem(word);
  return planBoot({
    system: isName ? undefined : word,
    user: isName ? word : (given["u"] as string | undefined),
    service: given["service-name"] as string | undefined,
    isUser: given["user"] === true && !isName,
    waitsForNetwork: given["wait-ip"] === true,
    home: process.env["XM_HOME"] || process.env["PM2_HOME"],
    node: process.execPath,
    god: realpathSync(builtProgram("god.cjs")),
  });
}

function mayWrite({ isUser }: BootPlan): boolean {
  return isUser || process.getuid?.() === 0;
}

/** PM2's way: one line to be copied. */
function showSudo(command: string, plan: BootPlan): void {
  const { system, user, home, service, waitsForNetwork } = plan;
  const words = [
    "sudo env",
    'PATH="$PATH"',
    quoted(process.execPath),
    quoted(realpathSync(process.argv[1] ?? "xm")),
    command,
    system,
    `-u ${quoted(user)}`,
    `--hp ${quoted(home)}`,
    ...(service === `xm-${user}` ? [] : [`--service-name ${service}`]),
    ...(waitsForNetwork ? ["--wait-ip"] : []),
  ];
  say("This needs root. Copy and run:");
  process.stdout.write(`${words.join(" ")}\n`);
  if (system === "systemd") say("Or, for your user only and without root: xm startup --user");
}

function quoted(word: string): string {
  return /^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function print(plan: BootPlan): void {
  for (const { path, text } of bootFiles(plan)) {
    process.stdout.write(`# ${plain(path)}\n${text}\n`);
  }
  const steps = enableSteps(plan).map((step) => `#   ${step.join(" ")}\n`);
  process.stdout.write(`# then:\n${steps.join("")}`);
}

function check(plan: BootPlan): void {
  const faults = checkBoot(plan);
  for (const fault of faults) process.stdout.write(`${plain(fault)}\n`);
  if (faults.length > 0) process.exitCode = 1;
  else say(`${plan.service} (${plan.system}) starts at boot and is running`);
}

function say(line: string): void {
  if (!globals.isSilent) process.stdout.write(`${plain(line)}\n`);
}
