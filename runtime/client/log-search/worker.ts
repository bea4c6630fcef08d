/** A thread of tinypool's searches one file. */
export { searchFile } from "./search-file.ts";
