import { basename, extname } from "node:path";
import { messageOf, xmError } from "../../contract/errors.ts";
import { readPlain } from "../../host/files/read.ts";
import { fromCompose } from "./compose.ts";
import { fieldsOf, type Imported } from "./imported.ts";
import { fromProcessCompose } from "./process-compose.ts";
import { fromProcfile } from "./procfile.ts";

export { writeEcosystem } from "./write.ts";

const largestBytes = 4 * 1024 * 1024;

/**
 * Reads a file of another tool: Compose, process-compose or a Procfile, told apart by what is in it.
 * @throws `ERR_CONFIG_UNREADABLE`, `ERR_USAGE` for any other file.
 */
export async function importFile(file: string): Promise<Imported> {
  let text: string;
  try {
    text = readPlain(file, largestBytes);
  } catch (error) {
    throw unreadable(file, error);
  }
  const imported = await importText(text, file);
  if (imported.apps.length === 0) {
    const why = ["it has no process that an app can be made of", ...imported.notes].join("; ");
    throw unreadable(file, new Error(why));
  }
  return imported;
}

/** The same of a text that stands in a file of that name. */
export async function importText(text: string, file: string): Promise<Imported> {
  const isYaml = /\.(?:ya?ml|json)$/.test(extname(file));
  if (!isYaml && /procfile/i.test(basename(file))) return fromProcfile(text);
  let value: unknown;
  try {
    const { parse } = await import("yaml");
    // Through JSON, as an ecosystem file: a node that two places share is two.
    value = JSON.parse(JSON.stringify(parse(text, { merge: true }) ?? null));
  } catch (error) {
    throw unreadable(file, error);
  }
  const given = fieldsOf(value) ?? {};
  if (fieldsOf(given["services"]) !== undefined) return fromCompose(given);
  if (fieldsOf(given["processes"]) !== undefined) return fromProcessCompose(given);
  throw xmError("ERR_USAGE", {
    what: `${basename(file)} is no file that can be imported`,
    fix: "give a Compose file (with services), a process-compose file (with processes), or a file called Procfile",
  });
}

function unreadable(file: string, error: unknown): Error {
  return xmError("ERR_CONFIG_UNREADABLE", { file, why: messageOf(error) }, { cause: error });
}
