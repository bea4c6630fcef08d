import { statSync } from "node:fs";
import type { RotationSpec } from "../../../machines/log-rotation.ts";
import { messageOf } from "../../contract/errors.ts";
import { logrotateName, readLogrotateSettings } from "../../contract/fields/logrotate-settings.ts";
import { readPlain } from "../../host/files/read.ts";
import { parseJson } from "../../host/parse-json.ts";
import { isTimeFormat } from "../../host/rotation/names.ts";

const largestBytes = 16 * 1024 * 1024;

/** What is set for the whole home; read again when the file of settings has changed. What cannot be read is reported once. */
export function createHomeRule(
  file: string,
  log: (line: string) => void,
): () => RotationSpec | null {
  let seen = "";
  let rule: RotationSpec | null = null;
  return () => {
    const stat = statSync(file, { throwIfNoEntry: false });
    const now = stat === undefined ? "" : `${stat.ino}:${stat.mtimeMs}:${stat.size}`;
    if (now === seen) return rule;
    seen = now;
    rule = null;
    if (stat === undefined) return rule;
    try {
      const settings = parseJson(readPlain(file, largestBytes));
      const own = (settings as Readonly<Record<string, unknown>> | null)?.[logrotateName];
      const read = readLogrotateSettings(own);
      for (const fault of read.faults) log(`${file}: ${fault}`);
      rule = read.rule;
      if (rule?.dateSuffix !== undefined && !isTimeFormat(rule.dateSuffix)) {
        log(`${file}: ${logrotateName}:dateFormat does not give a valid file name`);
        rule = { ...rule, dateSuffix: undefined };
      }
    } catch (error) {
      log(`${file} cannot be read, so log files are rotated by the defaults: ${messageOf(error)}`);
    }
    return rule;
  };
}
