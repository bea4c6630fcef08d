import { bus } from "./groups/bus.ts";
import { runGroup } from "./run-group.ts";

runGroup("bus", bus);
