import type { RawApp } from "../../contract/fields/raw-app.ts";
import { splitWords } from "./split-words.ts";

/** The profiles that a call chooses: those of its flag, and of `XM_PROFILES`; names between commas, or a list. */
export function chosenProfiles(
  given: unknown,
  variables: Readonly<Record<string, string | undefined>>,
): string[] {
  const lists = [given, variables["XM_PROFILES"]].flat();
  return lists
    .flatMap((each) => (typeof each === "string" ? each.split(",") : []))
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

/** Whether an app belongs to a call, as in Compose: without profiles always; `*` chooses every one. */
export function isInProfiles(app: RawApp, chosen: readonly string[]): boolean {
  const own = profilesOf(app);
  return own.length === 0 || chosen.includes("*") || own.some((each) => chosen.includes(each));
}

/** The profiles of an app; a value that cannot be is reported with the other fields. */
export function profilesOf(app: RawApp): string[] {
  const given = app?.["profiles"];
  if (typeof given === "string") return splitWords(given);
  return Array.isArray(given) ? given.map(String) : [];
}
