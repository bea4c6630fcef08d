import { xmCommand } from "../call/command.ts";
import { paint } from "../render/colors.ts";

const examples: readonly (readonly [what: string, command: string])[] = [
  ["Start a program and call it api", "xm start server.js --name api"],
  ["Four processes that share a port", "xm start server.js --name api -i 4"],
  ["Give the program arguments of its own", "xm start worker.js -- --queue mail"],
  ["Run a command line", 'xm start "npm run dev" --name dev'],
  [
    "Start what a file declares, or take its changes over",
    "xm start ecosystem.config.js --env production",
  ],
  ["What runs, and what it costs", "xm ls"],
  ["Everything about one process", "xm describe api"],
  ["Why it restarted, or was given up", "xm why api"],
  ["Follow its log", "xm logs api"],
  ["Replace it by its new version without a failed request", "xm reload api"],
  ["Restart with variables of this shell", "PORT=4000 xm restart api --update-env"],
  ["Stop all of a namespace, or those whose name matches", "xm stop backend · xm stop '/^job-/'"],
  ["Talk to its standard input", "xm send 0 'reload rules' · xm attach 0"],
  ["Debug it while it runs, or see what it does", "xm inspect api · xm profile:cpu api 10s"],
  ["What would my restart policy do?", "xm simulate api --exits 1 --for 1h"],
  ["Bring the list back after a reboot", "xm save · xm resurrect"],
  ["Replace the daemon and touch no app", "xm update"],
  ["Come from PM2", "xm migrate"],
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
