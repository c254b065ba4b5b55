// Sentences only this folder says, in both languages.

import { language } from "../language";

const PHRASES = {
  outdated: {
    en: "A newer version of this app is open in another tab: close this one.",
    "zh-CN": "另一个标签页已打开新版本：请关闭此页。",
  },
  unsent: {
    en: "{n} not yet booked: they stay on this phone. Sign out once more to leave them here.",
    "zh-CN": "还有 {n} 条未入账，会保留在本机。再次点击退出即可离开。",
  },
  finishUnsent: {
    en: "{n} not yet booked: wait for the connection before you end this.",
    "zh-CN": "还有 {n} 条未入账：请等网络恢复后再结束。",
  },
  closeUnsent: {
    en: "{n} not yet booked: wait for the connection before the driver leaves.",
    "zh-CN": "还有 {n} 条未入账：请等网络恢复后再让司机离开。",
  },
  pairingHere: {
    en: "That is a pairing code. Sign out first to use it here.",
    "zh-CN": "这是绑定二维码。请先退出登录再使用。",
  },
  badNumber: {
    en: "Key a whole number from 1 to 1,000,000.",
    "zh-CN": "请输入 1 到 1,000,000 的整数。",
  },
  taken: {
    en: "{name} has list {list} now. What you scan for it is not booked any more.",
    "zh-CN": "拣货单 {list} 现在由 {name} 负责，你的扫描不再入账。",
  },
  released: {
    en: "List {list} is not yours any more: take the next one.",
    "zh-CN": "拣货单 {list} 已不归你负责：请领取下一单。",
  },
  cancelled: {
    en: "List {list} was cancelled: bring what you hold to the put-back.",
    "zh-CN": "拣货单 {list} 已取消：请把手中的货送到待退回处。",
  },
  linesStopped: {
    en: "An order was stopped. Leave or put back: {goods}.",
    "zh-CN": "有订单被拦截，请勿拣或放回：{goods}。",
  },
  linesAdded: {
    en: "List {list} was changed: look at its lines again.",
    "zh-CN": "拣货单 {list} 有变动：请重新查看明细。",
  },
  noLink: {
    en: "That is no pairing code: scan it again, or ask for a new one.",
    "zh-CN": "这不是绑定二维码：请重新扫描，或索取新的。",
  },
  nobodyElse: { en: "Somebody else", "zh-CN": "其他人" },
} as const;

/** Say a sentence of this folder, its words put in. */
export function phrase(name: keyof typeof PHRASES, words: Record<string, string | number> = {}): string {
  return PHRASES[name][language.value].replace(/\{(\w+)\}/g, (_whole, word: string) =>
    String(words[word] ?? ""),
  );
}
