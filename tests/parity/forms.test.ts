import { forms } from "./groups/forms.ts";
import { runGroup } from "./run-group.ts";

runGroup("forms", forms);
