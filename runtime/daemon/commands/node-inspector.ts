import { get } from "node:http";
import { constants } from "node:os";
import { processKey } from "../../../machines/lib/process-key.ts";
import type { Inspection } from "../../contract/api/schemas.ts";
import { errnoOf, xmError } from "../../contract/errors.ts";
import { closeDebugger, closeDebuggerWithUs } from "../../host/debugger-port.ts";
import { catchesSignal, loopbackPorts } from "../../host/listeners.ts";
import type { Daemon } from "../daemon.ts";

/** Node opens its inspector in a few ms; a busy event loop does not hinder it, since it has a thread of its own. */
const opensWithinMs = 3_000;

/** An app that has not opened another port by then may have had its inspector open before. */
const wasOpenAfterMs = 400;

const pollEveryMs = 20;

/** Node catches SIGUSR1 some 20 ms after its start, on a loaded machine later. */
const catchesWithinMs = 1_500;

/**
 * Switches the Node inspector of a running app on: by SIGUSR1, so that any Node app can be inspected, whether or not
 * it has our preload. The port is found in the kernel's tables, and nothing but the loopback interface is checked.
 * @throws `ERR_PROCESS_NOT_FOUND`, `ERR_CANNOT_INSPECT`.
 */
async function inspectApp(
  { registry, children }: Pick<Daemon, "registry" | "children">,
  id: number,
): Promise<Inspection> {
  const managed = registry.process(id);
  const { name } = managed.spec;
  const fail = (why: string, fix: string): Error =>
    xmError("ERR_CANNOT_INSPECT", { name, why, fix });
  const child = children.get(processKey(managed.facts));
  const pid = managed.facts.child?.pid;
  if (child === undefined || pid === undefined) {
    throw fail("it is not running", `\`xm start ${name}\` starts it`);
  }
  const before = portsOf(pid, fail);
  if (!(await catchesSoon(pid, constants.signals.SIGUSR1))) {
    throw fail(`pid ${pid} is not a Node program`, "only Node has this inspector");
  }
  child.signal("SIGUSR1");
  const begun = performance.now();
  for (;;) {
    const ports = portsOf(pid, fail);
    const isLate = performance.now() - begun > wasOpenAfterMs;
    for (const port of isLate ? ports : ports.filter((each) => !before.includes(each))) {
      const found = await askInspector(port);
      if (found !== undefined) return { id, name, pid, wasOpen: before.includes(port), ...found };
    }
    if (performance.now() - begun > opensWithinMs) {
      throw fail(
        "it has not opened one after SIGUSR1",
        "its port may be taken, or it handles SIGUSR1 itself: see its error log; `--node-args --inspect` opens one from the start",
      );
    }
    await new Promise((resolve) => {
      setTimeout(resolve, pollEveryMs);
    });
  }
}

/** A Node program that has just been started does not catch it yet. */
async function catchesSoon(pid: number, signal: number): Promise<boolean> {
  const begun = performance.now();
  for (;;) {
    try {
      if (catchesSignal(pid, signal)) return true;
    } catch (error) {
      if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ESRCH") return false;
      throw error;
    }
    if (performance.now() - begun > catchesWithinMs) return false;
    await new Promise((resolve) => {
      setTimeout(resolve, pollEveryMs);
    });
  }
}

/** How many hold the debugger of a process open that was closed before, by its address. */
const holders = new Map<string, number>();

/**
 * Enables the Node inspector of an app and reports its address until the caller has gone, for whatever reason. The last of
 * several switches it off, unless it was on before the first.
 */
export async function holdDebugger(
  daemon: Pick<Daemon, "registry" | "children">,
  id: number,
  stream: { readonly signal: AbortSignal; write(value: unknown): boolean },
): Promise<void> {
  const inspection = await inspectApp(daemon, id);
  const { url, wasOpen } = inspection;
  const held = holders.get(url) ?? 0;
  const isOurs = !wasOpen || held > 0;
  if (isOurs) holders.set(url, held + 1);
  // If this daemon is killed nothing else closes it, and every user of the machine could still connect to it.
  if (isOurs && held === 0) await closeDebuggerWithUs(url);
  stream.write({ ...inspection, wasOpen: !isOurs });
  await new Promise<void>((resolve) => {
    if (stream.signal.aborted) resolve();
    stream.signal.addEventListener("abort", () => resolve());
  });
  if (!isOurs) return;
  const left = (holders.get(url) ?? 1) - 1;
  if (left > 0) {
    holders.set(url, left);
    return;
  }
  holders.delete(url);
  await closeDebugger(url);
}

function portsOf(pid: number, fail: (why: string, fix: string) => Error): number[] {
  try {
    return loopbackPorts(pid);
  } catch (error) {
    if (errnoOf(error) === "EACCES") {
      throw fail(`pid ${pid} belongs to another user`, "inspect it as that user");
    }
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ESRCH") {
      throw fail(`pid ${pid} has just ended`, "try again");
    }
    throw error;
  }
}

/** The answer of an inspector at a port; `undefined` when something else listens there. */
function askInspector(port: number): Promise<Pick<Inspection, "url" | "devtools"> | undefined> {
  return new Promise((resolve) => {
    const options = { host: "127.0.0.1", port, path: "/json/list", agent: false, timeout: 1_000 };
    const request = get(options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk.slice(0, 100_000 - text.length)));
      response.on("error", () => resolve(undefined));
      response.on("end", () => resolve(parseTargets(text)));
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(undefined));
    request.on("close", () => resolve(undefined));
  });
}

function parseTargets(text: string): Pick<Inspection, "url" | "devtools"> | undefined {
  try {
    const [target] = JSON.parse(text) as {
      webSocketDebuggerUrl?: unknown;
      devtoolsFrontendUrl?: unknown;
    }[];
    const { webSocketDebuggerUrl: url, devtoolsFrontendUrl: devtools } = target ?? {};
    const isInspector = typeof url === "string" && /^ws:\/\/127\.0\.0\.1:\d+\//.test(url);
    return isInspector
      ? { url, devtools: typeof devtools === "string" ? devtools : "" }
      : undefined;
  } catch {
    // An app's own answer: no inspector.
    return undefined;
  }
}
