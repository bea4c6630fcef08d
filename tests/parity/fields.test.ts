import { fields } from "./groups/fields.ts";
import { runGroup } from "./run-group.ts";

runGroup("fields", fields);
