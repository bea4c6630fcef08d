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
  const write = stream.write.bind(stream) as Write;
  guarded[rawWrite] = write;
  stream.write = ((chunk: Uint8Array | string, ...rest: []) =>
    write(typeof chunk === "string" ? plainOutput(chunk) : chunk, ...rest)) as Write;
}

/** Writes what is to arrive as it is: raw log lines, and our own control of a terminal. */
export function writeRaw(stream: NodeJS.WriteStream, text: string): boolean {
  const write = (stream as Guarded)[rawWrite] ?? (stream.write.bind(stream) as Write);
  return write(text);
}
