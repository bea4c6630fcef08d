import { get } from "node:http";
import { connect, type Socket } from "node:net";
import { withSocketPath } from "../../host/socket-path.ts";
import { decodeRecord, type HistoryRecord } from "../../contract/history.ts";

/** Between two tries to reach God; ms. */
const firstWaitMs = 100;
const mostWaitMs = 2_000;

/**
 * Follows God's history from a record on, over all interruptions.
 * @param from the number of the last record that is known.
 */
export function followRecords(options: {
  readonly socket: string;
  readonly from: () => number;
  readonly take: (record: HistoryRecord) => void;
}): void {
  const { socket, from, take } = options;
  let waitMs = firstWaitMs;
  const again = (): void => {
    setTimeout(open, waitMs);
    waitMs = Math.min(waitMs * 2, mostWaitMs);
  };
  const open = (): void => {
    const path = `/v1/events?after=${from()}`;
    const createConnection = (): Socket => withSocketPath(socket, (short) => connect(short));
    const call = { createConnection, path, headers: { host: "localhost" } };
    const request = get(call, (response) => {
      if (response.statusCode !== 200) {
        response.destroy();
        return;
      }
      waitMs = firstWaitMs;
      let rest = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
          const record = line === "" ? undefined : decodeRecord(line);
          if (record !== undefined) take(record);
        }
      });
      response.on("error", () => {});
    });
    request.on("error", () => {});
    request.on("close", again);
  };
  open();
}
