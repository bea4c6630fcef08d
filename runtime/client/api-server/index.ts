export { serveApiOverTcp } from "./serve.ts";
export { newTokens, readTokens, tokensFile } from "./tokens.ts";
