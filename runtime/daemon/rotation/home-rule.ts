import { statSync } from "node:fs";
import type { RotationSpec } from "../../../machines/log-rotation.ts";
import type { LogSpaceRule } from "../../../machines/log-space.ts";
import { messageOf } from "../../contract/errors.ts";
import { logrotateName, readLogrotateSettings } from "../../contract/fields/logrotate-settings.ts";
import { ownSettingsName, readLogSpaceSettings } from "../../contract/fields/log-space-settings.ts";
import { readPlain } from "../../host/files/read.ts";
import { parseJson } from "../../host/parse-json.ts";
import { isTimeFormat } from "../../host/rotation/names.ts";

const largestBytes = 16 * 1024 * 1024;

/** What is set for the log files of a whole home. */
export interface HomeRules {
  readonly rotation: RotationSpec | null;
  readonly space: LogSpaceRule | null;
}

const nothingSet: HomeRules = { rotation: null, space: null };

/** What is set for the whole home; read again when the file of settings has changed. What cannot be read is reported once. */
export function createHomeRules(file: string, log: (line: string) => void): () => HomeRules {
  let seen = "";
  let rules = nothingSet;
  return () => {
    const stat = statSync(file, { throwIfNoEntry: false });
    const now = stat === undefined ? "" : `${stat.ino}:${stat.mtimeMs}:${stat.size}`;
    if (now === seen) return rules;
    seen = now;
    rules = nothingSet;
    if (stat === undefined) return rules;
    try {
      const settings = parseJson(readPlain(file, largestBytes));
      const all = settings as Readonly<Record<string, unknown>> | null;
      const space = readLogSpaceSettings(all?.[ownSettingsName]);
      const read = readLogrotateSettings(all?.[logrotateName]);
      for (const fault of [...space.faults, ...read.faults]) log(`${file}: ${fault}`);
      let { rule: rotation } = read;
      if (rotation?.dateSuffix !== undefined && !isTimeFormat(rotation.dateSuffix)) {
        log(`${file}: ${logrotateName}:dateFormat does not give a valid file name`);
        rotation = { ...rotation, dateSuffix: undefined };
      }
      rules = { rotation, space: space.rule };
    } catch (error) {
      log(`${file} cannot be read, so log files are rotated by the defaults: ${messageOf(error)}`);
    }
    return rules;
  };
}
