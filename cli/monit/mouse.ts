import { moved, scrolled } from "./keys.ts";
import { selecting, type Model } from "./model.ts";
import type { Place } from "./rows.ts";

/** Lines for one notch of the wheel. */
const notch = 3;

/** A button or the wheel, by terminal-kit's names, over what the screen shows there. */
export function clicked(model: Model, button: string, place: Place | undefined): Model {
  if (model.mode === "help") return { ...model, mode: "list" };
  if (model.mode !== "list" && model.mode !== "filter") return model;
  const overLog = place?.kind === "log";
  switch (button) {
    case "MOUSE_LEFT_BUTTON_PRESSED":
      return place?.kind === "process" ? selecting(model, place.id) : model;
    case "MOUSE_WHEEL_UP":
      return overLog ? scrolled(model, notch) : moved(model, -1);
    case "MOUSE_WHEEL_DOWN":
      return overLog ? scrolled(model, -notch) : moved(model, 1);
    default:
      return model;
  }
}
