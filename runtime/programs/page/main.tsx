import { render } from "preact";
import { App } from "./app.tsx";
import { connect, pauseWhileHidden } from "./state/connection.ts";
import { enter } from "./state/session.ts";
import { paintTimes } from "./state/store.ts";
import { keepRecords } from "./state/travel.ts";
import { followAddress } from "./state/views.ts";
import "./style/theme.css";
import "./style/page.css";
import "./style/chart.css";
import "./style/parts.css";
import "./style/home.css";

const place = document.querySelector("#page");
if (place === null) throw new Error("can't happen: the page has no place to be drawn in");
render(<App />, place);
await enter();
connect();
keepRecords();
pauseWhileHidden();
followAddress();

// The cost of the time-line is measured from outside (tests/e2e/inspector.test.ts).
Object.assign(globalThis, { inspectorPaintTimes: paintTimes });
