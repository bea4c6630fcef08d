import { connect } from "../../runtime/client/connection/client.ts";
import { XmError, xmError } from "../../runtime/contract/errors.ts";
import { writeRaw } from "./terminal.ts";
import { showList } from "./show-list.ts";

/** Shows the table repeatedly: in place at a terminal, elsewhere one below the other. It survives the daemon's death. */
export async function watchList(text: string): Promise<void> {
  const seconds = text === "" || text === "true" ? 1 : Number(text);
  if (!(seconds >= 0.1 && seconds <= 86_400)) {
    const what = `--watch: expected a number of seconds, got "${text}"`;
    throw xmError("ERR_USAGE", { what, fix: "for example `xm ls --watch 2`" });
  }
  const client = connect({ autostart: false });
  const abort = new AbortController();
  process.once("SIGINT", () => abort.abort());
  // Whoever reads no more (`| head`) ends it.
  process.stdout.on("error", () => abort.abort());
  while (!abort.signal.aborted) {
    if (process.stdout.isTTY) writeRaw(process.stdout, "\u001B[H\u001B[2J");
    try {
      await showList(client);
    } catch (error) {
      if (!(error instanceof XmError) || error.class !== "unavailable") throw error;
      process.stdout.write(`${error.message}\n`);
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, seconds * 1_000);
      abort.signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
