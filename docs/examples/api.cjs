// A small HTTP API. It closes its listener on SIGINT and lets open requests finish.
const { createServer } = require("node:http");

const startedAt = Date.now();
const server = createServer((request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(
    JSON.stringify({ pid: process.pid, uptimeMs: Date.now() - startedAt, path: request.url }),
  );
});

server.listen(Number(process.env.PORT ?? 8790), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

process.once("SIGINT", () => {
  console.log("closing");
  server.close();
  server.closeIdleConnections();
});
