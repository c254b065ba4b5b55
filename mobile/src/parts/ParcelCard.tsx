// The parcel on the bench: its number, waybill, weight, and whether its label came out of the printer.

import type { Session } from "../desk/model";
import { cartons } from "../desk/state";
import { t } from "../language";
import { Icon, type IconName } from "./Icon";
import { fetchPaper } from "./papers";

type Parcel = NonNullable<Session["parcel"]>;
type Print = Parcel["printJobs"][number];

const PRINT_ICONS: Record<Print["state"], IconName> = {
  QUEUED: "clock",
  TAKEN: "print",
  PRINTING: "print",
  UNSURE: "question",
  PRINTED: "check",
  FAILED: "cross",
};

export function ParcelCard({ parcel }: { parcel: Parcel }) {
  const { waybill, weightG, printJobs } = parcel;
  const isLabelled = waybill !== null || printJobs.length > 0 || parcel.state !== "OPEN";
  return (
    <section class="parcel">
      <p class="parcel-head">
        <Icon name="box" />
        <b>{parcel.number}</b>
        <span class="tag">{t(`parcel.${parcel.state}`)}</span>
        {weightG !== null && <span>{t("parcel.weight", { n: weightG })}</span>}
      </p>
      {cartons.value.length > 0 && (
        <p class="parcel-carton">
          {t("parcel.carton")} <b>{cartons.value.map(({ code, name }) => name || code).join(" + ")}</b>
        </p>
      )}
      {isLabelled && <Label parcel={parcel} />}
    </section>
  );
}

function Label({ parcel }: { parcel: Parcel }) {
  const { waybill, printJobs, labels } = parcel;
  return (
    <>
      <p class={waybill?.state === "FAILED" ? "is-bad" : ""}>
        {waybill ? waybillWords(waybill) : t("waybill.none")}
        {waybill?.carrier && ` · ${waybill.carrier}`}
      </p>
      <ul class="prints">
        {printJobs.map((job) => (
          <li key={job.id} class={`print is-${job.state.toLowerCase()}`}>
            <Icon name={PRINT_ICONS[job.state]} />
            <span>
              {t(`print.${job.state}`)}
              {job.lastError && `: ${job.lastError}`}
            </span>
          </li>
        ))}
        {printJobs.length === 0 && <li class="print faint">{t("print.none")}</li>}
      </ul>
      {labels && (
        <button
          type="button"
          class="plain"
          onClick={() => void fetchPaper(labels.pdf, parcel.number, t("print.noLabel"))}
        >
          {t("print.label")}
        </button>
      )}
    </>
  );
}

function waybillWords(waybill: NonNullable<Parcel["waybill"]>): string {
  if (waybill.state === "ISSUED") return t("waybill.ISSUED", { number: waybill.number ?? "" });
  return t(`waybill.${waybill.state}`);
}
