import { environment } from "./groups/environment.ts";
import { runGroup } from "./run-group.ts";

runGroup("environment", environment);
