import { expect, test } from "vitest";
import {
  codeMeanings,
  meaningOf,
  nodeMeanings,
  signalMeanings,
  takenPort,
  wordMeanings,
  type Told,
} from "../../../machines/exit-dictionary.ts";

const told = (exit: Partial<Told>): Told => ({ code: null, signal: null, askedBy: null, ...exit });
const means = (exit: Partial<Told>, isNode = true): string | null =>
  meaningOf(told(exit), { isNode });

test.each([
  [{ code: 78 }, /^EX_CONFIG/],
  [{ code: 13 }, /top-level await/],
  [{ code: 9, lastWords: ["/usr/bin/node: bad option: --max-old-space"] }, /invalid argument/],
  [{ code: 12, lastWords: ["Starting inspector on 127.0.0.1:9229 failed"] }, /debugger's port/],
  [{ code: 137 }, /^128 \+ 9, which is SIGKILL: ended by force/],
  [{ code: 143 }, /^128 \+ 15, which is SIGTERM/],
  [{ signal: "SIGSEGV" }, /native code/],
  [{ code: 127 }, /did not find/],
  [
    { code: 1, lastWords: ["Error: listen EADDRINUSE: address already in use :::3000"] },
    /port is taken/,
  ],
  [{ code: 1, lastWords: ["Error: Cannot find module 'express'"] }, /module is missing/],
  [
    { code: 1, lastWords: ["was compiled against a different Node.js version using"] },
    /npm rebuild/,
  ],
  [{ code: 1, lastWords: ["Error: listen EACCES: permission denied 0.0.0.0:80"] }, /below 1024/],
  [
    { code: 1, lastWords: ["Error: EACCES: permission denied, open '/etc/shadow'"] },
    /permission is missing/,
  ],
  [
    { signal: "SIGABRT", lastWords: ["FATAL ERROR: JavaScript heap out of memory"] },
    /heap is full/,
  ],
] as const)("%j is explained", (exit, expected) => {
  expect(means(exit)).toMatch(expected);
});

test("what needs no explanation has none", () => {
  expect(means({ code: 0 })).toBeNull();
  expect(means({ code: 1 })).toBeNull();
  expect(means({ code: null })).toBeNull();
  expect(means({ signal: "SIGKILL", askedBy: "`xm stop`" })).toBeNull();
  expect(means({ code: 13 }, false)).toBeNull();
  // Programs have their own small codes.
  for (const code of [2, 3, 4, 5, 6, 9, 10, 12, 14]) {
    expect(means({ code, lastWords: ["Error: cannot open the database"] })).toBeNull();
  }
});

test("every entry has its source", () => {
  const all = [codeMeanings, nodeMeanings, signalMeanings].flatMap((each) => Object.values(each));
  for (const { means: words, source } of [...all, ...wordMeanings]) {
    expect(words).toMatch(/^\S.*\S$/);
    expect(source).not.toBe("");
  }
});

test.each([
  ["Error: listen EADDRINUSE: address already in use :::3000", 3_000],
  ["listen tcp 127.0.0.1:8080: bind: address already in use", 8_080],
  ["Error: listen EADDRINUSE: address already in use 127.0.0.1:65000", 65_000],
  ["OSError: [Errno 98] Address already in use", null],
  ["connect ECONNREFUSED 127.0.0.1:5432", null],
])("the port in %j", (line, port) => {
  expect(takenPort(["first", line])).toBe(port);
});
