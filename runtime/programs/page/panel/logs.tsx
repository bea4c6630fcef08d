import { useEffect, useRef, useState } from "preact/hooks";
import { followLogs } from "../state/api.ts";
import { connection, selected, selectedId } from "../state/store.ts";
import { clock } from "../words.ts";

/** Lines kept in the page: a program that writes all day shall not fill the browser. */
const keptLines = 1_000;

/** Characters of a line that are shown. */
const shownCharacters = 4_000;

interface Line {
  readonly number: number;
  readonly stream: "out" | "err";
  readonly text: string;
  readonly at: number | null;
}

/** The logs of the selected process, followed live. */
export function Logs() {
  const [lines, setLines] = useState<readonly Line[]>([]);
  const [fault, setFault] = useState<string | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const id = selectedId.value;
  const isThere = selected.value !== null;
  const isOpen = connection.value === "open";

  useEffect(() => {
    if (id === null || !isThere || !isOpen) return;
    const abort = new AbortController();
    setLines([]);
    setFault(null);
    void follow(id, abort.signal, setLines, setFault);
    return () => abort.abort();
  }, [id, isThere, isOpen]);

  useEffect(() => {
    const element = box.current;
    if (element !== null && isAtEnd.current) element.scrollTop = element.scrollHeight;
  }, [lines]);

  if (id === null) return <p class="empty">No process is chosen.</p>;
  if (!isThere) return <p class="empty">It was removed; its log files are kept.</p>;
  return (
    <div
      ref={box}
      class="logs"
      role="log"
      aria-label="Log lines"
      aria-live="off"
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) =>
        (isAtEnd.current = scrollTop + clientHeight > scrollHeight - 24)
      }
    >
      {fault !== null && <p class="fault">{fault}</p>}
      {lines.length === 0 && fault === null && <p class="empty">No output yet.</p>}
      {lines.map(({ number, stream, text, at }) => (
        <p key={number} class={stream}>
          <span class="stream">{stream}</span>
          {at !== null && <time>{clock(at, false)}</time>}
          <span class="log-text">{text}</span>
        </p>
      ))}
    </div>
  );
}

/** Takes lines as they come and shows them once per frame. */
async function follow(
  id: number,
  signal: AbortSignal,
  show: (change: (lines: readonly Line[]) => readonly Line[]) => void,
  fail: (fault: string) => void,
): Promise<void> {
  let number = 0;
  let waiting: Line[] = [];
  const flush = (): void => {
    const come = waiting;
    waiting = [];
    show((lines) => [...lines, ...come].slice(-keptLines));
  };
  try {
    for await (const { stream, line, at } of followLogs(id, signal)) {
      number += 1;
      if (waiting.length === 0) requestAnimationFrame(flush);
      waiting.push({ number, stream, text: withoutEscapes(line).slice(0, shownCharacters), at });
      if (waiting.length > keptLines) waiting = waiting.slice(-keptLines);
    }
  } catch (error) {
    if (!signal.aborted && connection.value === "open") fail(String(error));
  }
}

/** Colours are for terminals. */
function withoutEscapes(text: string): string {
  // oxlint-disable-next-line no-control-regex -- an escape sequence begins with one
  return text.replaceAll(/\u001B\[[\d;?]*[A-Za-z]/g, "");
}
