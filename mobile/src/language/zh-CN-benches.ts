// What the put wall, the dock and the question about an empty bin say, in Chinese; the keys are those of `en-benches.ts`.

import type { enBenches } from "./en-benches";

export const zhCNBenches: Record<keyof typeof enBenches, string> = {
  "leftOver.title": "有多余的货？",
  "leftOver.hint": "没有格口需要它：请放一边，会通知组长。",
  "leftOver.do": "上报",

  "hospital.title": "周转箱转异常区：原因？",
  "hospital.hint": "箱子连同里面的货停用，等组长查看。",
  "hospital.do": "转异常区",

  "zero.ask": "{place} 现在空了吗？",
  "zero.empty": "空了",
  "zero.notEmpty": "没空",
  "zero.left": "还剩几件？",
  "zero.hint": "按账 {place} 应该是空的，将安排盘点。",
  "zero.set": "还剩 {n} 件",
  "zero.some": "有，但数不清",

  "wall.title": "播种墙 {wall}",
  "wall.complete": "{n} 格已齐",
  "wall.waiting": "{n} 格待播",
  "wall.stopped": "{n} 格拦截",
  "wall.free": "{n} 格空闲",
  "wall.slot": "{slot} 号格，{colour} {shape}：{here} / {wanted} 件",

  "load.expected": "应交",
  "load.scanned": "已扫",
  "load.missing": "未扫",
  "load.strange": "非本单",
  "load.showMissing": "看未扫的",
  "load.showStrange": "看非本单的",

  "missing.title": "尚未扫描",
  "missing.lead": "此承运商还有 {n} 个包裹在这里。",

  "strange.title": "不属于本单",
  "strange.lead": "请放一边：这些都不交给这位司机。",

  "close.open": "司机点数，结单",
  "close.title": "司机点了几件？",
  "close.hint": "{carrier} 已扫 {n} 件。",
  "close.missing": "还有 {n} 个包裹未扫，将留在这里。",
  "close.agrees": "两边数量一致。",
  "close.differs": "司机 {told} 件，已扫 {n} 件：请重新清点，或带差异结单。",
  "close.anyway": "带差异结单",
  "close.do": "交接并结单",

  "handed.done": "已交给 {carrier} {n} 个包裹",
  "handed.difference": "司机点数与扫描相差 {n} 件。",
  "handed.missing": "留在这里：{parcels}",
  "handed.leftBehind": "期间被拦截，请拿下来：{parcels}",
  "handed.paper": "交接单 PDF",
  "handed.noPaper": "未能取得交接单，请重试。",

  "expects.now": "现在可用：{kinds}",
  "expects.BIN": "货位",
  "expects.TOTE": "周转箱",
  "expects.SLOT": "格口",
  "expects.ITEM": "商品",
  "expects.SERIAL": "唯一码",
  "expects.ORDER": "订单",
  "expects.PARCEL": "包裹",
  "expects.WAVE": "波次",
  "expects.EXCEPTION_TASK": "还货任务",
  "expects.MANIFEST": "交接单",
  "expects.ANYTHING": "任何编码",
};
