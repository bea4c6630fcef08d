import { targets } from "./groups/targets.ts";
import { runGroup } from "./run-group.ts";

runGroup("targets", targets);
