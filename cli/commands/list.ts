import { connect } from "../../runtime/client/connection/client.ts";
import { xmCommand } from "../call/command.ts";
import { showList } from "../render/show-list.ts";

export default xmCommand({
  name: "list",
  description: "Shows the table of all processes",
  args: {},
  run: () => showList(connect()),
});
