import { duration } from "../../../machines/lib/words.ts";
import { useNow } from "./panel/use-now.ts";
import { openProcess, showHome, view } from "./state/views.ts";
import { connection, hello, lostAt, mayControl, processes } from "./state/store.ts";

/** Which God this is, and whether it lives. */
export function Header() {
  const state = connection.value;
  const daemon = hello.value?.daemon;
  return (
    <header class="header">
      <h1>
        <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
          <path d="M9 9v5q0 2 2 2h10q2 0 2 2v5" />
          <circle cx="9" cy="8" r="3.4" />
          <rect x="18.5" y="20" width="9" height="6" rx="2" />
        </svg>
        Ex Machina <span class="faint">inspector</span>
      </h1>
      <nav class="views segments" aria-label="View">
        <button type="button" aria-pressed={view.value === "home"} onClick={showHome}>
          Overview
        </button>
        <button type="button" aria-pressed={view.value === "process"} onClick={() => openProcess()}>
          Statechart
        </button>
      </nav>
      <p class={`connection ${state}`} role="status">
        {state === "open" && (
          <>
            <span aria-hidden="true">●</span> live
          </>
        )}
        {state === "connecting" && (
          <>
            <span aria-hidden="true">◌</span> connecting
          </>
        )}
        {state === "lost" && <Lost />}
        {state === "denied" && <>✖ this session has ended; open a new one with xm inspect</>}
      </p>
      {daemon !== undefined && (
        <dl class="god">
          <div>
            <dt>God</dt>
            <dd>pid {daemon.pid}</dd>
          </div>
          <div>
            <dt>version</dt>
            <dd>{daemon.version}</dd>
          </div>
          <div class="home">
            <dt>home</dt>
            <dd title={daemon.home}>{daemon.home}</dd>
          </div>
          <div>
            <dt>processes</dt>
            <dd>{processes.value.size}</dd>
          </div>
          <div>
            <dt class="visually-hidden">control</dt>
            <dd class={mayControl.value ? "may" : ""}>
              {mayControl.value ? "control" : "read only"}
            </dd>
          </div>
        </dl>
      )}
    </header>
  );
}

function Lost() {
  const now = useNow(1_000);
  if (hello.value === null) return <>✖ God is unreachable; retrying</>;
  const since = duration(Math.floor(Math.max(0, now - lostAt.value) / 1_000) * 1_000);
  return <>✖ God died; its apps keep running; waiting for the next one ({since})</>;
}
