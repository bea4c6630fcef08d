import { lifecycle } from "./groups/lifecycle.ts";
import { runGroup } from "./run-group.ts";

runGroup("lifecycle", lifecycle);
