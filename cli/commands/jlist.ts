import { connect } from "../../runtime/client/connection/client.ts";
import { toPm2Process, type Pm2Process } from "../../runtime/compat/jlist.ts";
import { xmCommand } from "../call/command.ts";

export default xmCommand({
  name: "jlist",
  description: "Prints all processes as one line of JSON, in PM2's format",
  args: {},
  run: async () => {
    process.stdout.write(`${JSON.stringify(await pm2List())}\n`);
  },
});

export const pretty = xmCommand({
  name: "prettylist",
  description: "Prints all processes as indented text, in PM2's format",
  args: {},
  run: async () => {
    const { inspect } = await import("node:util");
    process.stdout.write(`${inspect(await pm2List(), { depth: null, maxArrayLength: null })}\n`);
  },
});

async function pm2List(): Promise<Pm2Process[]> {
  return (await connect().details({ metrics: true })).map(toPm2Process);
}
