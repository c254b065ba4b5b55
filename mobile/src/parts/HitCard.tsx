// One thing a look-up found.

import type { ComponentChildren } from "preact";
import type { LookQuery } from "../api/generated";
import { named, type PlainKey, t, tables } from "../language";
import { Icon, type IconName } from "./Icon";

type Hit = LookQuery["lookup"][number];
type Sku = Extract<Hit, { __typename: "Sku" }>;

const ICONS: Record<Hit["__typename"], IconName> = {
  Sku: "box",
  Place: "place",
  Order: "list",
  FulfillmentOrder: "list",
  Wave: "stack",
  PickList: "list",
  Parcel: "seal",
  ExceptionTask: "alert",
  Manifest: "list",
};

export function HitCard({ hit }: { hit: Hit }) {
  return (
    <li class="hit">
      <p class="hit-kind">
        <Icon name={ICONS[hit.__typename]} />
        {t(`hit.${hit.__typename}`)}
      </p>
      {hit.__typename === "Sku" ? <SkuHit sku={hit} /> : <Plain hit={hit} />}
    </li>
  );
}

function SkuHit({ sku }: { sku: Sku }) {
  const lying = sku.balances.filter((balance) => balance.quantity > 0 && balance.place);
  return (
    <>
      <p class="hit-title">{named(sku.nameZh, sku.nameEn)}</p>
      <p>
        {named(sku.optionZh, sku.optionEn)} <code>{sku.code}</code>
      </p>
      <p class="hit-stock">
        <b>{t("look.free", { n: sku.free ?? "–" })}</b>
        <span>{t("look.onHand", { n: sku.onHand ?? "–" })}</span>
      </p>
      {lying.length === 0 ? (
        <p class="faint">{t("look.nowhere")}</p>
      ) : (
        <ul class="balances" aria-label={t("look.liesAt")}>
          {lying.map((balance) => (
            <li key={`${balance.place?.code} ${balance.quantity}`}>
              <b>{balance.place?.code}</b>
              <span>{balance.quantity}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Plain({ hit }: { hit: Exclude<Hit, Sku> }) {
  if (hit.__typename === "Place") return <Titled title={hit.code}>{said(`place.${hit.kind}`)}</Titled>;
  if (hit.__typename === "Order") {
    return (
      <Titled title={hit.number}>
        {hit.externalId} · {said(`status.${hit.paymentStatus}`)}
      </Titled>
    );
  }
  return <Titled title={hit.number}>{said(standing(hit))}</Titled>;
}

function standing(hit: Exclude<Hit, Sku | { __typename: "Place" } | { __typename: "Order" }>): string {
  if (hit.__typename === "Wave") return `status.${hit.waveStatus}`;
  if (hit.__typename === "PickList") return `list.${hit.listStatus}`;
  if (hit.__typename === "Parcel") return `parcel.${hit.state}`;
  if (hit.__typename === "Manifest") return `status.${hit.manifestState}`;
  if (hit.__typename === "ExceptionTask") return `status.${hit.taskStatus}`;
  return `status.${hit.status}`;
}

/** A state in words; a newer server's state this app has no word for is shown as it is. */
function said(key: string): string {
  return key in tables.en ? t(key as PlainKey) : key.slice(key.indexOf(".") + 1);
}

function Titled({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <>
      <p class="hit-title">{title}</p>
      <p>{children}</p>
    </>
  );
}
