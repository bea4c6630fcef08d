import { flags } from "./groups/flags.ts";
import { runGroup } from "./run-group.ts";

runGroup("flags", flags);
