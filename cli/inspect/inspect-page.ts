import { spawn } from "node:child_process";
import type { ArgsDef } from "citty";
import { connect } from "../../runtime/client/connection/client.ts";
import { xmError } from "../../runtime/contract/errors.ts";

/** What `xm inspect` takes when no process is named: the page of the whole daemon. */
export const inspectPageArgs = {
  port: {
    type: "string",
    description: "Port on 127.0.0.1 (default: the current one, or a free one)",
    valueHint: "N",
  },
  control: {
    type: "boolean",
    description: "Let the page act on processes (default: read-only)",
  },
  open: {
    type: "boolean",
    description: "Open the browser",
    negativeDescription: "Print the address and open nothing",
    default: true,
  },
  stop: {
    type: "boolean",
    description: "Close the inspector; all its pages and tokens become invalid",
  },
  json: { type: "boolean", description: "Address, port and a token for programs as JSON" },
} as const satisfies ArgsDef;

interface PageArgs {
  readonly port?: string | undefined;
  readonly control?: boolean | undefined;
  readonly open?: boolean | undefined;
  readonly stop?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** `xm inspect`: opens God's inspector and prints the address that lets its reader in. */
export async function inspectPage(args: PageArgs): Promise<void> {
  const by = "`xm inspect`";
  if (args.stop === true) {
    await connect({ autostart: false }).closeInspector(by);
    process.stdout.write("the inspector is closed\n");
    return;
  }
  const control = args.control === true;
  const port = args.port === undefined ? undefined : portFrom(args.port);
  const opened = await connect().openInspector({
    ...(port === undefined ? {} : { port }),
    control,
    by,
  });
  if (args.json === true) {
    process.stdout.write(`${JSON.stringify(opened)}\n`);
    return;
  }
  const may = control ? "may act on processes" : "read-only; --control lets it act on processes";
  process.stdout.write(
    `${opened.url}\n  opens once, within ten minutes (${may})\n  xm inspect --stop closes it\n`,
  );
  if (args.open !== false && hasBrowser()) openBrowser(opened.url);
}

function portFrom(text: string): number {
  const port = Number(text);
  if (text !== "" && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw xmError("ERR_USAGE", {
    what: `--port: expected a number from 0 to 65535, got "${text}"`,
    fix: "for example `--port 4300`; 0 for a free one",
  });
}

/** A person at a screen of this machine: not a script, and not a shell on another machine. */
function hasBrowser(): boolean {
  const { DISPLAY: x11, WAYLAND_DISPLAY: wayland } = process.env;
  return process.stdout.isTTY && Boolean(x11 ?? wayland);
}

/** The desktop's own opener; without one the printed address has to do. */
function openBrowser(url: string): void {
  const opener = spawn("xdg-open", [url], { detached: true, stdio: "ignore" });
  opener.on("error", () => undefined);
  opener.unref();
}
