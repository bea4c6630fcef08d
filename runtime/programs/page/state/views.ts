import { signal } from "@preact/signals";
import { select } from "./connection.ts";
import { selectedId } from "./store.ts";

/** What fills the page: all processes as cards, or one with its statechart. */
export type View = "home" | "process";

/** The overview's place in the address. */
const homeHash = "#all";

export const view = signal<View>(location.hash === homeHash ? "home" : "process");

export function showHome(): void {
  if (view.value === "home") return;
  view.value = "home";
  history.pushState(null, "", homeHash);
  scrollTo(0, 0);
}

/** Shows the statechart of a process, or of the one that was chosen last. */
export function openProcess(id: number | null = selectedId.value): void {
  if (view.value === "home") history.pushState(null, "", id === null ? "#" : `#${id}`);
  view.value = "process";
  if (id !== null) select(id);
  scrollTo(0, 0);
}

/** Back and forward of the browser. */
export function followAddress(): void {
  addEventListener("popstate", () => {
    view.value = location.hash === homeHash ? "home" : "process";
    const id = Number(location.hash.slice(1) || Number.NaN);
    if (view.value === "process" && Number.isInteger(id)) select(id);
  });
}
