import * as v from "valibot";
import { calls, type CallName, type SchemaName } from "../../contract/api/calls.ts";
import { tellIssue } from "../../contract/api/schema-words.ts";
import * as schemas from "../../contract/api/schemas.ts";
import { xmError } from "../../contract/errors.ts";

const validators: Readonly<Record<SchemaName, v.GenericSchema>> = { ...schemas };

/** More faults of one answer say nothing new. */
const mostFaults = 5;

/**
 * Checks an answer, or a line of one, against the contract's schema, the same that the OpenAPI file is made from. Fields that a newer
 * daemon adds are accepted. A module apart, because the schemas take longer to load than `xm ls` takes to ask
 * (docs/decisions/0009-checked-answers.md).
 * @throws `ERR_ANSWER_INVALID` with the path and the expectation of the first faults.
 */
export function checkAnswer(name: CallName, value: unknown): void {
  const { issues = [] } = v.safeParse(validators[calls[name].answer], value);
  const wrong = issues.filter((issue) => !isOfAnUnknownField(issue));
  if (wrong.length === 0) return;
  const faults = wrong.slice(0, mostFaults).map(tellIssue);
  throw xmError("ERR_ANSWER_INVALID", { call: name, faults });
}

/** What is declared has a strict schema, because callers send it too; in an answer an unknown field is no fault. */
function isOfAnUnknownField({ type, expected }: v.BaseIssue<unknown>): boolean {
  return type === "strict_object" && expected === "never";
}
