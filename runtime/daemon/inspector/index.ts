import { existsSync } from "node:fs";
import type { InspectorOpened, InspectorView } from "../../contract/api/schemas.ts";
import type { Leave } from "../api/routes.ts";
import type { Daemon } from "../start.ts";
import { messageOf } from "../../contract/errors.ts";
import type { PageFolders } from "./files.ts";
import type { Listener } from "./listener.ts";

/** The inspector as the daemon holds it: all that it is made of is loaded when it is first opened. */
export interface Inspector {
  /**
   * Listens, unless it does, and makes an address and a token.
   * @throws `ERR_INSPECTOR_PORT`
   */
  open(options: { port?: number | undefined; control: boolean }): Promise<InspectorOpened>;
  view(): InspectorView;
  /** Every session of it is void afterwards, and the next daemon does not open it. */
  close(): Promise<void>;
  /** Opens again what the daemon before has had open. */
  reopen(): void;
}

export interface InspectorOptions {
  readonly daemon: Daemon;
  readonly folders: PageFolders;
  readonly leave: (how: Leave) => void;
  readonly log: (line: string) => void;
}

export function createInspector(options: InspectorOptions): Inspector {
  const { daemon, log } = options;
  let listener: Promise<Listener> | undefined;
  let loaded: Listener | undefined;
  const load = (inspector: Inspector): Promise<Listener> => {
    listener ??= import("./listener.ts").then(({ createListener }) => {
      loaded = createListener({ ...options, inspector });
      return loaded;
    });
    return listener;
  };
  const inspector: Inspector = {
    open: async (wanted) => (await load(inspector)).open(wanted),
    view: () => loaded?.view() ?? { port: null, viewers: 0, sessions: 0 },
    close: async () => {
      if (listener !== undefined) await (await listener).close();
    },
    reopen: () => {
      if (!existsSync(daemon.paths.inspector)) return;
      load(inspector)
        .then((each) => each.reopen())
        .catch((error: unknown) => log(`the inspector: ${messageOf(error)}`));
    },
  };
  return inspector;
}
