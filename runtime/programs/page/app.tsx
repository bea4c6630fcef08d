import { useEffect } from "preact/hooks";
import { Center } from "./center.tsx";
import { Header } from "./header.tsx";
import { Home } from "./home/home.tsx";
import { ProcessList } from "./list/list.tsx";
import { Panel } from "./panel/panel.tsx";
import { notice, selected, selectedName, tab } from "./state/store.ts";
import { goLive } from "./state/travel.ts";
import { view } from "./state/views.ts";
import { statusMarks, statusWord } from "./words.ts";
import { Timeline } from "./timeline/timeline.tsx";

/** The whole page: who there is, where one of them is and why, and when what happened. */
export function App() {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const isTyping =
        event.target instanceof HTMLElement && /INPUT|SELECT|TEXTAREA/.test(event.target.tagName);
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "/") {
        event.preventDefault();
        document.querySelector<HTMLInputElement>("#filter")?.focus();
      }
      if (event.key === "Escape" && !event.defaultPrevented) goLive();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
  const isHome = view.value === "home";
  const name = isHome ? "" : selectedName.value;
  const status = selected.value?.status;
  useEffect(() => {
    const word = status === undefined ? "" : ` ${statusMarks[status]} ${statusWord(status)}`;
    document.title = name === "" ? "Ex Machina inspector" : `${name}${word} · Ex Machina`;
  }, [name, status]);
  return (
    <>
      {view.value === "process" && (
        <a class="skip" href="#statechart">
          Go to the statechart
        </a>
      )}
      <Header />
      {view.value === "home" ? (
        <Home />
      ) : (
        <main class={tab.value === "whatif" ? "page alone" : "page"}>
          <ProcessList />
          <Center />
          {tab.value !== "whatif" && <Panel />}
          <Timeline />
        </main>
      )}
      <div class="notices" role="status" aria-live="polite">
        {notice.value !== null && (
          <p class={notice.value.isFault ? "notice fault" : "notice"}>{notice.value.text}</p>
        )}
      </div>
    </>
  );
}
