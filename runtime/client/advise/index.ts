export { advise, type Advice } from "./advise.ts";
export { storyOf } from "./lives.ts";
