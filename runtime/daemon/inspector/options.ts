import type { Leave } from "../api/exchange.ts";
import type { Daemon } from "../daemon.ts";
import type { PageFolders } from "./files.ts";

export interface InspectorOptions {
  readonly daemon: Daemon;
  readonly folders: PageFolders;
  readonly leave: (how: Leave) => void;
  readonly log: (line: string) => void;
}
