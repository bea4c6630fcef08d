import { statusCodes } from "../../contract.ts";
import { statusWord } from "../words.ts";

/** What the colours and letters of the time-line stand for. */
export function Legend() {
  return (
    <ul class="legend" aria-label="Colours and marks">
      {statusCodes.slice(0, 6).map((status) => (
        <li key={status}>
          <span class={`swatch ${status}`} /> {statusWord(status)}
        </li>
      ))}
      <li class="marks">
        × exit · M memory · W watch · C cron · H heartbeat · R asked · ↻ reload · V version
      </li>
    </ul>
  );
}
