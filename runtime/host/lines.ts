import type { Socket } from "node:net";

/** Gives each line that comes in on a socket; a handler that returns `false` ends the reading. */
export function onLines(socket: Socket, handle: (line: string) => boolean | void): void {
  let text = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      if (handle(line) === false) return;
    }
    if (text.length > longestLine) socket.destroy();
  });
}

/** A line longer than this is no message of ours. */
const longestLine = 8 * 1024 * 1024;
