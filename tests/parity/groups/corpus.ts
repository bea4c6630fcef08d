import { compared } from "../corpus/compared.ts";
import { differs } from "../corpus/differs.ts";
import { environment } from "../corpus/files/environment.ts";
import { forms } from "../corpus/files/forms.ts";
import { frameworks } from "../corpus/files/frameworks.ts";
import { languages } from "../corpus/files/languages.ts";
import { node } from "../corpus/files/node.ts";
import { operations } from "../corpus/files/operations.ts";
import { projects } from "../corpus/files/projects.ts";
import { play } from "../corpus/play.ts";
import { readObserved } from "../observed.ts";
import { scenario, type Scenario } from "../scenario.ts";

const all: readonly Scenario[] = [
  ...node,
  ...environment,
  ...frameworks,
  ...languages,
  ...forms,
  ...operations,
  ...projects,
].map((shape) =>
  scenario(`file: ${shape.name}`, (s) => play(s, shape), {
    differs: { ...shape.differs, ...differs[shape.name] },
  }),
);

/** `CORPUS=all`: every shape under which PM2 was seen. */
const isWhole = process.env["CORPUS"] === "all";

/** Configuration files in the shapes that public repositories have, each under both managers. */
export const corpus: readonly Scenario[] =
  process.env["PARITY"] === "live"
    ? all
    : all.filter(({ name }) =>
        isWhole ? name in readObserved("corpus") : compared.has(name.slice("file: ".length)),
      );
