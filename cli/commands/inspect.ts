import { targetArgs, xmCommand } from "../call/command.ts";
import { inspectApps } from "../inspect/inspect-apps.ts";
import { inspectPage, inspectPageArgs } from "../inspect/inspect-page.ts";

export default xmCommand({
  name: "inspect",
  description:
    "Opens the inspector: live statecharts, time-line and what-if; with a process, its Node inspector instead",
  args: { ...targetArgs, ...inspectPageArgs },
  run: ({ args }) => (args._.length === 0 ? inspectPage(args) : inspectApps(args._)),
});
