import { xmCommand } from "../command.ts";
import { inspectPage, inspectPageArgs } from "../inspect-page.ts";

export default xmCommand({
  name: "inspect",
  description: "Opens the inspector: live statecharts, time-line and what-if, in a browser",
  args: inspectPageArgs,
  run: ({ args }) => inspectPage(args),
});
