import { mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { emptyShares, sharesIn, type Shares } from "../../host/shares.ts";

/** In memory where there is such a file system. */
const folders = ["/dev/shm", tmpdir()];

/**
 * Makes the file in which the workers tell how many connections each has: one of the app's user that has no name any
 * more, which the workers open by its descriptor here.
 * @returns `undefined` when there is no place for it: the kernel's choice stands then.
 */
export function makeShares(): { shares: Shares; path: string } | undefined {
  for (const folder of folders) {
    try {
      const own = mkdtempSync(join(folder, "xm-"));
      try {
        const file = join(own, "shares");
        writeFileSync(file, emptyShares(), { mode: 0o600 });
        const descriptor = openSync(file, "r+");
        const path = `/proc/${process.pid}/fd/${descriptor}`;
        return { shares: sharesIn(descriptor), path };
      } finally {
        rmSync(own, { recursive: true, force: true });
      }
    } catch {
      // The next folder may take it.
    }
  }
  return undefined;
}
