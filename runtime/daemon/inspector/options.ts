import type { Leave } from "../api/exchange.ts";
import type { Daemon } from "../daemon.ts";
import type { PageFolders } from "./files.ts";
import type { HeldPort } from "./held-port.ts";

export interface InspectorOptions {
  readonly daemon: Daemon;
  readonly folders: PageFolders;
  readonly heldPort: HeldPort;
  readonly leave: (how: Leave) => void;
  readonly log: (line: string) => void;
}
