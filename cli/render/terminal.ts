import { plainOutput } from "../../runtime/contract/plain.ts";

type Write = NodeJS.WriteStream["write"];

/** Known by name: the everyday commands and the others are two bundles. */
const rawWrite = Symbol.for("xm.rawWrite");

type Guarded = NodeJS.WriteStream & { [rawWrite]?: Write };

/**
 * The last sink of all that commands print. Renderers make text that is not ours `plain` where they put it in; should one
 * forget it, nothing but colours, tabs and newlines gets through here.
 */
export function guardOutput(stream: NodeJS.WriteStream): void {
  const guarded = stream as Guarded;
  const write: Write = stream.write.bind(stream);
  guarded[rawWrite] = write;
  stream.write = (chunk: Uint8Array | string, ...rest: unknown[]) =>
    write(typeof chunk === "string" ? plainOutput(chunk) : chunk, ...(rest as []));
}

/** For a screen that draws by itself until the process ends, out of text that is `plain` already. */
export function takeOver(stream: NodeJS.WriteStream): void {
  const raw = (stream as Guarded)[rawWrite];
  if (raw !== undefined) stream.write = raw;
}

/** Writes text unchanged: raw log lines, and our own terminal control sequences. */
export function writeRaw(stream: NodeJS.WriteStream, text: string): boolean {
  const raw = (stream as Guarded)[rawWrite];
  return raw === undefined ? stream.write(text) : raw(text);
}
