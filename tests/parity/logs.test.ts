import { logs } from "./groups/logs.ts";
import { runGroup } from "./run-group.ts";

runGroup("logs", logs);
