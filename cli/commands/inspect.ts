import { targetArgs, xmCommand } from "../command.ts";
import { inspectApps } from "../inspect-apps.ts";

export default xmCommand({
  name: "inspect",
  description: "Switches the Node inspector of running apps on, on 127.0.0.1, and says where",
  args: targetArgs,
  run: ({ args }) => inspectApps(args._),
});
