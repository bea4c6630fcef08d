import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { AppSpec } from "../../../../machines/spec.ts";
import type { HistoryRecord } from "../../../contract/history.ts";
import { fetchDetail, fetchRecords } from "../state/api.ts";
import { selected, selectedId } from "../state/store.ts";
import { CrashFields } from "./crash-fields.tsx";
import { firstCrashForm, readCrash, recordedPattern, type CrashForm } from "./crash-form.ts";
import { plainSpec } from "../../../contract/fields/plain-spec.ts";
import { PolicyFields } from "./policy-fields.tsx";
import { formOf, readPolicy, type PolicyForm } from "./policy-form.ts";
import { Result } from "./result.tsx";
import { play } from "./simulate.ts";
import { snippetOf } from "./snippet.ts";
import type { Answered } from "./worker.ts";

/** Records in which ends are looked for. */
const recordsForPattern = 2_000;

/** What would this policy do if the program behaved like that? The machine itself answers, on a virtual clock. */
export function WhatIf() {
  const id = selectedId.value;
  const [base, setBase] = useState<AppSpec>(plainSpec);
  const [policy, setPolicy] = useState<PolicyForm>(formOf(plainSpec.policy));
  const [crash, setCrash] = useState<CrashForm>(firstCrashForm);
  const [records, setRecords] = useState<readonly HistoryRecord[]>([]);
  const [answer, setAnswer] = useState<Answered | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [isRead, setRead] = useState(id === null || selected.peek() === null);

  useEffect(() => {
    if (isRead || id === null) return;
    let isHere = true;
    const load = async (): Promise<void> => {
      const [{ spec }, past] = await Promise.all([
        fetchDetail(id),
        fetchRecords({ kind: "process", id }, { limit: recordsForPattern }),
      ]);
      if (!isHere) return;
      setBase(spec);
      setPolicy(formOf(spec.policy));
      setRecords(past.filter((record) => record.id === id));
    };
    load()
      .catch((error: unknown) => setFault(String(error)))
      .finally(() => setRead(true));
    return () => {
      isHere = false;
    };
  }, [id]);

  const recorded = useMemo(() => recordedPattern(records), [records]);
  const read = readPolicy(base, policy);
  const behaviour = readCrash(crash, recorded);
  const isSound =
    Object.keys(read.faults).length === 0 && Object.keys(behaviour.faults).length === 0;
  const key = JSON.stringify([policy, crash, base.name, recorded.length]);
  useEffect(() => {
    if (!isSound || !isRead) return;
    play({ spec: read.spec, pattern: behaviour.pattern, forMs: behaviour.forMs }).then(
      (answered) => {
        if (answered !== undefined) setAnswer(answered);
      },
      (error: unknown) => setFault(String(error)),
    );
  }, [key, isRead]);

  // Typed text must not be overwritten by later data.
  if (!isRead) return <p class="empty">Loading its policy…</p>;
  return (
    <div class="whatif">
      <div class="whatif-form">
        <fieldset>
          <legend>The program</legend>
          <CrashFields
            form={crash}
            faults={behaviour.faults}
            recorded={recorded.length}
            waits={policy.ready !== "spawned"}
            onChange={setCrash}
          />
        </fieldset>
        <fieldset>
          <legend>The policy</legend>
          <PolicyFields form={policy} faults={read.faults} onChange={setPolicy} />
          <div class="buttons">
            <button type="button" onClick={() => setPolicy(formOf(base.policy))}>
              As {base === plainSpec ? "PM2 has it" : `${base.name} has it`}
            </button>
          </div>
        </fieldset>
      </div>
      <div class="whatif-result">
        {fault !== null && <p class="fault">{fault}</p>}
        {answer === null ? (
          <p class="empty">Playing…</p>
        ) : (
          <Result answer={answer} isStale={!isSound} forMs={behaviour.forMs} />
        )}
        <Snippet spec={read.spec} />
      </div>
    </div>
  );
}

function Snippet({ spec }: { spec: AppSpec }) {
  const text = snippetOf(spec);
  const [isCopied, setCopied] = useState(false);
  const box = useRef<HTMLPreElement>(null);
  useEffect(() => setCopied(false), [text]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      // Not allowed here: it is selected, so that a key copies it.
      if (box.current !== null) getSelection()?.selectAllChildren(box.current);
    }
  };
  return (
    <div class="snippet">
      <div class="snippet-head">
        <h3>The policy as an ecosystem file</h3>
        <button type="button" onClick={() => void copy()}>
          {isCopied ? "Copied ✓" : "Copy as ecosystem snippet"}
        </button>
      </div>
      <pre ref={box} tabIndex={0}>
        {text}
      </pre>
    </div>
  );
}
