import { expect, test } from "vitest";
import { testHome } from "../support/home.ts";

test("why says who has the port that an app could not have", async () => {
  const home = testHome();
  const listens = `require("node:http").createServer().listen(Number(process.env.PORT), "127.0.0.1",
  function () { require("node:fs").writeFileSync(process.env.TELL, String(this.address().port)); process.send("ready"); });`;
  const first = home.file("first.cjs", listens);
  const tell = home.file("port", "");
  await home.run(["start", first, "--name", "first", "--wait-ready", "--listen-timeout", "60s"], {
    env: { PORT: "0", TELL: tell },
  });
  const { readFileSync } = await import("node:fs");
  const port = readFileSync(tell, "utf8");
  const { code } = await home.run(
    ["start", first, "--force", "--name", "second", "--no-autorestart", "--wait-ready"],
    { env: { PORT: port, TELL: tell } },
  );
  expect(code).toBe(1);
  const { pid } = await home.process("first");
  const why = await home.ok("why", "second");
  expect(why).toContain("That means: its port is taken.");
  expect(why).toContain(`Port ${port}: pid ${pid} of the app first listens there now (`);
  expect(await home.ok("describe", "second")).toContain("That means: its port is taken.");
});
