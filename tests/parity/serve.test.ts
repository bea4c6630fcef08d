import { serve } from "./groups/serve.ts";
import { runGroup } from "./run-group.ts";

runGroup("serve", serve);
