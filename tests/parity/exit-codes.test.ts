import { exitCodes } from "./groups/exit-codes.ts";
import { runGroup } from "./run-group.ts";

runGroup("exit-codes", exitCodes);
