import { connect } from "../../runtime/client/connection/client.ts";
import { xmCommand } from "../call/command.ts";
import { showList } from "../render/show-list.ts";

export default xmCommand({
  name: "list",
  description: "Shows the table of all processes",
  args: {
    watch: {
      type: "string",
      description: "Refresh every second, or at this interval, until Ctrl-C",
      valueHint: "SECONDS",
    },
  },
  run: async ({ args }) => {
    if (args.watch === undefined) return showList(connect());
    const { watchList } = await import("../render/watch-list.ts");
    await watchList(args.watch);
  },
});
