/** Of what an app can wait for of another one: Compose's words, as they are declared and shown. */
export { conditionWords } from "../../../machines/dependencies.ts";
