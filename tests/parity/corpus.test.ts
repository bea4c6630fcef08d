import { corpus } from "./groups/corpus.ts";
import { runGroup } from "./run-group.ts";

runGroup("corpus", corpus);
