import { dump } from "./groups/dump.ts";
import { runGroup } from "./run-group.ts";

runGroup("dump", dump);
