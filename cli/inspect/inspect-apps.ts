import { connect } from "../../runtime/client/connection/client.ts";
import { paint } from "../render/colors.ts";
import { resolveTargets } from "../apps/targets.ts";

/** `xm inspect NAME`: switches the Node inspectors of running apps on, and says where they are. */
export async function inspectApps(targets: readonly string[]): Promise<void> {
  const client = connect();
  for (const { id } of await resolveTargets(client, targets)) {
    const { name, pid, url, devtools, wasOpen } = await client.inspect(id);
    const state = wasOpen ? "was on" : "is on";
    process.stdout.write(`${paint("bold", name)} (${id}), pid ${pid}: the inspector ${state}\n`);
    process.stdout.write(`  ${url}\n`);
    if (devtools !== "") process.stdout.write(`  ${devtools}\n`);
  }
  const hint = "  chrome://inspect, an editor or `node inspect` take the address\n";
  process.stdout.write(paint("grey", hint));
}
