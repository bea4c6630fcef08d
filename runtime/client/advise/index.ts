export { advise, type Advice } from "./advise.ts";
export { storyOf } from "./lives.ts";
export { timesOf, type SeenTimes } from "./times.ts";
