import type { HomePaths } from "../host/home/paths.ts";
import { createGroups } from "../host/groups/groups.ts";
import { createLinks } from "./app-links/server.ts";
import { createBalancers } from "./balancers/balancers.ts";
import type { ChildServices } from "./children/contract.ts";
import type { GivenFiles } from "./children/given-files.ts";
import { createCarrier } from "./log-carrier/carrier.ts";
import { createLane } from "./log-lane/lane.ts";

/** The programs that run in or beside apps. */
export interface Programs {
  readonly preload: string;
  readonly balancer: string;
  readonly lane: string;
  readonly rotator: string;
  readonly notifier: string;
}

/** God's side of what runs in and beside the apps, and what a start of a child needs of it. */
export function createServices(options: {
  readonly paths: HomePaths;
  readonly programs: Programs;
  readonly given: GivenFiles;
  readonly complain: ChildServices["complain"];
  readonly log: (line: string) => void;
}) {
  const { paths, programs, given, complain, log } = options;
  const { preload, balancer: program } = programs;
  const groups = createGroups({ home: paths.home, log });
  const links = createLinks(paths.links, log);
  const balancers = createBalancers({
    folder: paths.balancers,
    program,
    home: paths.home,
    groups,
    log,
  });
  const lane = createLane({ folder: paths.pipes, program: programs.lane, log });
  const carrier = createCarrier({ folder: paths.carried, complain, log });
  const services: ChildServices = {
    links,
    balancers,
    lane,
    settleLogs: () => carrier.settle(),
    preload,
    linkSocket: paths.links,
    exits: paths.exits,
    stdin: paths.stdin,
    complain,
    given,
    groups,
  };
  return { links, balancers, lane, carrier, groups, services };
}
