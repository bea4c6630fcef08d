import { closeSync, readlinkSync } from "node:fs";
import { errnoOf } from "../../contract/errors.ts";

/*
 * The inspector's port is never free between two Gods, or another program could take it and be sent what is meant for God: the
 * watchdog's shell holds the listening socket too, and the God that it becomes inherits it. Connections made meanwhile wait in the
 * kernel. Where there is no watchdog, or it dies with God, there is a gap, and `sessions.ts` says what is refused after one.
 */
export interface HeldPort {
  /** The socket that came from the God before, once. */
  take(): number | undefined;
  /** From now on this descriptor is held; `undefined`: none. */
  hold(fd: number | undefined): void;
  /** What the next watchdog is given: a descriptor, and the variables that name it. */
  readonly held:
    | { readonly fd: number; readonly env: Readonly<Record<string, string>> }
    | undefined;
  /** Called when the watchdog has to hold something else. */
  onChange: () => void;
}

/** `FD:INODE` of the socket that the next God inherits. */
const variable = "XM_INSPECTOR_SOCKET";

/** Where the watchdog's shell, and then the next God, has it. */
const inheritedFd = 3;

export function inheritPort(env: NodeJS.ProcessEnv): HeldPort {
  const named = env[variable];
  delete env[variable];
  // Whatever the variable says, no other descriptor of this process is touched.
  let inherited = named !== undefined && named === nameOf(inheritedFd) ? inheritedFd : undefined;
  let fd = inherited;
  const port: HeldPort = {
    take: () => {
      const taken = inherited;
      inherited = undefined;
      return taken;
    },
    hold: (next) => {
      if (inherited !== undefined && next !== inherited) closeSync(inherited);
      inherited = undefined;
      if (next === fd) return;
      fd = next;
      port.onChange();
    },
    get held() {
      const name = fd === undefined ? undefined : nameOf(fd);
      if (fd === undefined || name === undefined) return undefined;
      return { fd, env: { [variable]: name } };
    },
    onChange: () => undefined,
  };
  return port;
}

function nameOf(fd: number): string | undefined {
  try {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`)) ?? [];
    return inode === undefined ? undefined : `${inheritedFd}:${inode}`;
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    return undefined;
  }
}
