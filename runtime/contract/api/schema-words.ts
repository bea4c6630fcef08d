import * as v from "valibot";

/** The words that the schemas of the API are made of. */

export const nullable = v.nullable;
export const text = v.string;
export const time = () => v.pipe(v.number(), v.description("ms since the epoch"));
export const ms = () => v.pipe(v.number(), v.minValue(0), v.description("ms"));
export const count = () => v.pipe(v.number(), v.integer(), v.minValue(0));
export const path = () => v.pipe(v.string(), v.regex(/^\//, "expected an absolute path"));
export const stringMap = () => v.record(v.string(), v.string());
