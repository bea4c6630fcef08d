import { connect } from "../../runtime/client/connection/client.ts";
import { servePages } from "../../runtime/client/metrics/serve.ts";
import { webReport } from "../../runtime/client/metrics/web.ts";
import { xmCommand } from "../call/command.ts";
import { readAddress, untilInterrupted } from "../call/listening.ts";

export default xmCommand({
  name: "web",
  description:
    "Serves the list as JSON in PM2's format until Ctrl-C, without environment variables",
  args: {
    address: {
      type: "positional",
      description: "port, or HOST:PORT (default: 127.0.0.1:9615)",
      required: false,
    },
  },
  run: async ({ args }) => {
    const [wanted] = args._;
    const { host, port } = readAddress(wanted ?? (process.env["PM2_API_PORT"] || "9615"), "9615");
    const client = connect({ autostart: false });
    const server = await servePages({
      host,
      port,
      paths: ["/"],
      page: async () => ({
        type: "application/json",
        text: JSON.stringify(webReport(await client.details({ metrics: true }))),
      }),
    });
    await untilInterrupted(server, (at) => `the list on http://${at}/\n`);
  },
});
