import { settings } from "./groups/settings.ts";
import { runGroup } from "./run-group.ts";

runGroup("settings", settings);
