import { messages } from "./groups/messages.ts";
import { runGroup } from "./run-group.ts";

runGroup("messages", messages);
