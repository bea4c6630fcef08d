import { smartStart } from "./groups/smart-start.ts";
import { runGroup } from "./run-group.ts";

runGroup("smart-start", smartStart);
