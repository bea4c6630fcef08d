import { pm2Package } from "../support/pm2.ts";

/** Makes a value the same wherever and whenever it was seen: paths of the scenario, Node's own path. */
export function normalise(value: unknown, places: { folder: string; home: string }): unknown {
  if (typeof value === "string") {
    return value
      .replaceAll(places.home, "<home>")
      .replaceAll(places.folder, "<folder>")
      .replaceAll(pm2Package, "<manager>")
      .replaceAll(process.execPath, "<node>");
  }
  if (Array.isArray(value)) return value.map((each) => normalise(each, places));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [
        normalise(key, places) as string,
        normalise(each, places),
      ]),
    );
  }
  return value;
}

/** The types of an object's values by their keys: `"string"`, `"array"`, `"null"` … */
export function shapeOf(value: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      Array.isArray(each) ? "array" : each === null ? "null" : typeof each,
    ]),
  );
}
