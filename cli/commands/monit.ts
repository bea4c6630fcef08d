import { xmError } from "../../runtime/contract/errors.ts";
import { xmCommand } from "../call/command.ts";

export default xmCommand({
  name: "monit",
  description:
    "Shows a live screen: processes, the reason for the selected one's state, and its logs",
  args: {},
  run: async () => {
    if (!process.stdin.isTTY || !process.stdout.isTTY) {
      throw xmError("ERR_USAGE", {
        what: "`xm monit` needs a terminal",
        fix: "`xm ls --watch` and `xm logs` show the same, line by line",
      });
    }
    const { monitor } = await import("../monit/index.ts");
    await monitor();
    // terminal-kit keeps the input open.
    process.exit(process.exitCode ?? 0);
  },
});
