import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createBalancers } from "../../runtime/daemon/balancers/balancers.ts";
import { createGivenFiles } from "../../runtime/daemon/children/given-files.ts";
import { createLane } from "../../runtime/daemon/log-lane/lane.ts";
import { createGroups } from "../../runtime/host/groups/groups.ts";
import { createLinks } from "../../runtime/daemon/app-links/server.ts";
import type { ChildServices } from "../../runtime/daemon/children/contract.ts";

const bin = join(import.meta.dirname, "../../dist/bin");

/** What a daemon has for its children, over a folder; the preload and the balancer are the built ones. */
export async function childServices(folder: string): Promise<ChildServices> {
  const log = (): void => {};
  const linkSocket = join(folder, "apps.sock");
  const links = createLinks(linkSocket, log);
  await links.listen();
  const program = join(bin, "balancer.cjs");
  const groups = createGroups({ home: folder });
  const balancers = createBalancers({
    folder: join(folder, "b"),
    program,
    home: folder,
    groups,
    log,
  });
  const lane = createLane({ folder: join(folder, "p"), program: join(bin, "lane.cjs"), log });
  onTestFinished(async () => {
    links.close();
    await balancers.quit();
    await lane.quit();
  });
  return {
    links,
    balancers,
    lane,
    settleLogs: log,
    preload: join(bin, "preload.cjs"),
    linkSocket,
    exits: folder,
    complain: log,
    groups,
    given: createGivenFiles(),
    stdin: join(folder, "in"),
  };
}
