import { xmCommand } from "../call/command.ts";
import { paint } from "../render/colors.ts";

const examples: readonly (readonly [what: string, command: string])[] = [
  ["Start a program and call it api", "xm start server.js --name api"],
  ["Four processes that share a port", "xm start server.js --name api -i 4"],
  ["Pass arguments to the program", "xm start worker.js -- --queue mail"],
  ["Run a command line", 'xm start "npm run dev" --name dev'],
  [
    "Start the apps of a file, or apply its changes",
    "xm start ecosystem.config.js --env production",
  ],
  ["List processes with their CPU and memory", "xm ls"],
  ["Show all details of a process", "xm describe api"],
  ["Show why it restarted or is errored", "xm why api"],
  ["Follow its log", "xm logs api"],
  ["Switch to a new version without a failed request", "xm reload api"],
  ["Restart with this shell's variables", "PORT=4000 xm restart api --update-env"],
  ["Stop a namespace, or all processes whose name matches", "xm stop backend · xm stop '/^job-/'"],
  ["Write to its standard input", "xm send 0 'reload rules' · xm attach 0"],
  ["Debug or profile it while it runs", "xm inspect api · xm profile:cpu api 10s"],
  ["Try out a restart policy", "xm simulate api --exits 1 --for 1h"],
  ["Restore the list after a reboot", "xm save · xm resurrect"],
  ["Replace the daemon without restarting apps", "xm update"],
  ["Import from PM2", "xm migrate"],
];

export default xmCommand({
  name: "examples",
  description: "Shows common commands",
  args: {},
  run: () => {
    const lines = examples.map(([what, command]) => `${paint("grey", `# ${what}`)}\n${command}\n`);
    process.stdout.write(lines.join("\n"));
  },
});
