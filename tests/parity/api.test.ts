import { api } from "./groups/api.ts";
import { runGroup } from "./run-group.ts";

runGroup("api", api);
