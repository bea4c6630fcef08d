import { connect } from "../../runtime/client/client.ts";
import { xmCommand } from "../command.ts";
import { showList } from "../show-list.ts";

export default xmCommand({
  name: "list",
  description: "Shows the table of all processes",
  args: {},
  run: () => showList(connect()),
});
