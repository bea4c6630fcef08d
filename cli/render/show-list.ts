import { connect } from "../../runtime/client/connection/client.ts";
import type { Client } from "../../runtime/client/connection/types.ts";
import { XmError } from "../../runtime/contract/errors.ts";
import { globals } from "../call/globals.ts";
import { printList, renderMiniList } from "./list.ts";
import { sortList } from "./sort.ts";

/** Prints what there is: the table, or a few lines per process when the call asks for them. */
export async function showList(client: Client): Promise<void> {
  const list = sortList(await client.list({ metrics: true }), globals.sort);
  if (globals.isMini) process.stdout.write(`${renderMiniList(list, Date.now())}\n`);
  else printList(list);
}

/** A daemon that died comes back within this by its watchdog; ms. */
const comesBackWithinMs = 3_000;

/**
 * Prints it after a command. The daemon may have been ended meanwhile: what was done has been reported, so none is started
 * for the sake of a table.
 */
export async function showListAfter({ home }: Client): Promise<void> {
  if (globals.isSilent) return;
  const client = connect({ home, autostart: false });
  const deadline = Date.now() + comesBackWithinMs;
  for (;;) {
    try {
      return await showList(client);
    } catch (error) {
      if (!(error instanceof XmError) || error.class !== "unavailable") throw error;
      if (Date.now() > deadline) {
        process.stderr.write(`xm: ${error.message}\n`);
        return;
      }
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}
