import { clusters } from "./groups/cluster.ts";
import { runGroup } from "./run-group.ts";

runGroup("cluster", clusters);
