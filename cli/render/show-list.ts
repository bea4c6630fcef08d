import type { Client } from "../../runtime/client/connection/types.ts";
import { globals } from "../call/globals.ts";
import { printList, renderMiniList } from "./list.ts";
import { sortList } from "./sort.ts";

/** Prints what there is: the table, or a few lines per process when the call asks for them. */
export async function showList(client: Client): Promise<void> {
  const list = sortList(await client.list({ metrics: true }), globals.sort);
  if (globals.isMini) process.stdout.write(`${renderMiniList(list, Date.now())}\n`);
  else printList(list);
}
