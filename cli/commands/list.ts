import { connect } from "../../runtime/client/client.ts";
import { xmCommand } from "../command.ts";
import { printList, renderMiniList } from "../render/list.ts";

export default xmCommand({
  name: "list",
  description: "Shows the table of all processes",
  args: {
    "mini-list": {
      type: "boolean",
      alias: "m",
      description: "A few lines per process instead of the table",
    },
  },
  run: async ({ args }) => {
    const list = await connect().list({ metrics: true });
    if (args["mini-list"]) process.stdout.write(`${renderMiniList(list, Date.now())}\n`);
    else printList(list);
  },
});
