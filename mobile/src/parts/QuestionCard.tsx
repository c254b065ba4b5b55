// An open question, in place of the instruction: choices, a lot with its date, a serial number, how many.

import { useState } from "preact/hooks";
import { say } from "../desk/acts";
import type { Said, Session } from "../desk/model";
import { shown } from "../desk/state";
import { t } from "../language";
import type { Question } from "../screens/question";
import { openSheet, run } from "../screens/route";
import { Icon } from "./Icon";
import { OUTCOME_ICONS } from "./outcomes";
import { Sentence } from "./Sentence";

interface Props {
  question: Question;
  session: Session;
}

export function QuestionCard({ question, session }: Props) {
  const outcome = question.outcome ?? "AMBIGUOUS";
  const isInBanner = shown.value?.clientId === question.clientId;
  const answer = (said: Said) => void run(say({ ...said, answers: question.clientId }));
  return (
    <section class="question is-ask" aria-labelledby="question-title">
      <h2 id="question-title" class={isInBanner ? "unseen" : ""}>
        <Icon name={OUTCOME_ICONS[outcome]} />
        <span>
          <Sentence text={question.message || t(`verdict.${outcome}`)} />
        </span>
      </h2>
      {outcome === "AMBIGUOUS" && <Choices question={question} answer={answer} />}
      {outcome === "NEEDS_LOT" && <Lot expected={session.next?.lotCode ?? null} answer={answer} />}
      {outcome === "NEEDS_SERIAL" && <Serial answer={answer} />}
      {outcome === "NEEDS_QUANTITY" && <HowMany session={session} />}
    </section>
  );
}

type Answer = (said: Said) => void;

function Choices({ question, answer }: { question: Question; answer: Answer }) {
  return (
    <div class="choices">
      {question.choices.map((choice) => (
        <button
          type="button"
          class="choice"
          key={choice.id}
          onClick={() => answer({ kind: "CHOICE", choice: choice.id })}
        >
          {choice.label}
        </button>
      ))}
      <p class="faint">{t("choice.again")}</p>
    </div>
  );
}

function Lot({ expected, answer }: { expected: string | null; answer: Answer }) {
  const [code, setCode] = useState("");
  const [date, setDate] = useState("");
  const lot = () => ({ code: code.trim(), expiresOn: date || null });
  return (
    <div class="answer">
      {expected && (
        <button type="button" class="choice" onClick={() => answer({ kind: "LOT", lot: { code: expected } })}>
          {t("lot.expected", { lot: expected })}
        </button>
      )}
      <label class="field">
        <span>{t("lot.code")}</span>
        <input
          type="text"
          value={code}
          autoComplete="off"
          autoCapitalize="characters"
          spellcheck={false}
          maxLength={64}
          onInput={(event) => setCode(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>{t("lot.date")}</span>
        <input type="date" value={date} onInput={(event) => setDate(event.currentTarget.value)} />
      </label>
      <button
        type="button"
        class="main"
        disabled={!code.trim()}
        onClick={() => answer({ kind: "LOT", lot: lot() })}
      >
        {t("lot.do")}
      </button>
    </div>
  );
}

function Serial({ answer }: { answer: Answer }) {
  const [serial, setSerial] = useState("");
  return (
    <div class="answer">
      <p>{t("serial.hint")}</p>
      <label class="field">
        <span>{t("serial.title")}</span>
        <input
          type="text"
          value={serial}
          autoComplete="off"
          autoCapitalize="characters"
          spellcheck={false}
          maxLength={128}
          onInput={(event) => setSerial(event.currentTarget.value)}
        />
      </label>
      <button
        type="button"
        class="main"
        disabled={!serial.trim()}
        onClick={() => answer({ kind: "SERIAL", serial: serial.trim() })}
      >
        {t("serial.do")}
      </button>
    </div>
  );
}

function HowMany({ session }: { session: Session }) {
  const supported = session.supportedActions;
  const opens = supported.includes("WEIGHT") ? "weight" : supported.includes("QUANTITY") ? "quantity" : null;
  if (!opens) return null;
  return (
    <button type="button" class="main" onClick={() => openSheet(opens)}>
      {t(opens === "weight" ? "action.WEIGHT" : "action.QUANTITY")}
    </button>
  );
}
